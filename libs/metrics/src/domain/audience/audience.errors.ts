import { DomainError } from '@lib/primitives';

/** A question that would read more rows than one answer may. `alternative` says in words what is affordable. */
export function queryTooExpensive(rows: number, limit: number, alternative: string): DomainError {
  return new DomainError(
    'query_too_expensive',
    422,
    `It would take some ${Math.round(rows).toLocaleString('en')} rows to answer this, and at most ` +
      `${limit.toLocaleString('en')} are read for one answer: ${alternative}.`,
    { field: 'to' },
  );
}

/** Listeners are told apart only while their ids are made with the same key. */
export function audiencePeriodExceeded(longestDays: number, border: number): DomainError {
  return new DomainError(
    'audience_period_exceeded',
    400,
    `Listeners are known by other ids from ${new Date(border).toISOString()} on, so this cannot be told across that ` +
      `instant: ask for a range on one side of it. A range of ${longestDays} days or less always lies in one period.`,
    { field: 'to' },
  );
}
