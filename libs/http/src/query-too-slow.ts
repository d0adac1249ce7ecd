import { DomainError } from '@lib/primitives';

/** Whether the database stopped a statement at its time limit (SQLSTATE query_canceled). */
export function wasTooSlow(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '57014';
}

/** A question that would take longer than one may. To ask it again as it is seldom helps, so it is no 503. */
export function queryTooSlow(limitMs: number): DomainError {
  return new DomainError(
    'query_too_slow',
    422,
    `The answer would take longer than ${limitMs} ms: ask for a shorter range, for one podcast or episode, for fewer ` +
      'metrics or dimensions, or for a coarser interval.',
  );
}
