import { isRejection, type Outcome } from '../application/commit-events.js';
import type { EventResultDto } from './events.dto.js';

/**
 * The JSON of a BatchResultDto for the events of a batch and what became of them, which run parallel.
 *
 * Nearly every result says no more than its event's id, which was checked and has nothing to escape, so it is written out
 * instead of made into a thousand objects that are then serialized.
 */
export function batchAnswer(events: readonly unknown[], outcomes: readonly Outcome[]): string {
  const counts = { accepted: 0, duplicate: 0, rejected: 0, retry: 0 };
  const results = outcomes.map((outcome, index) => {
    const { id } = (events[index] ?? {}) as { id?: unknown };
    const status = isRejection(outcome) ? 'rejected' : outcome;
    counts[status] += 1;
    if (status === 'accepted' || status === 'duplicate')
      return `{"index":${index},"id":"${String(id)}","status":"${status}"}`;
    const result: EventResultDto = {
      index,
      id: typeof id === 'string' ? id.slice(0, 64).toWellFormed() : null,
      status,
      ...(isRejection(outcome) ? outcome : { code: 'not_persisted' }),
    };
    return JSON.stringify(result);
  });
  const { accepted, duplicate, rejected, retry } = counts;
  return (
    `{"accepted":${accepted},"duplicates":${duplicate},"rejected":${rejected},"retryable":${retry},` +
    `"results":[${results.join(',')}]}`
  );
}
