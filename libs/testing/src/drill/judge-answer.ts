import type { Acknowledgement } from './ledger.js';
import type { SentEvent } from './sent-event.js';
import type { Violations } from './violations.js';

/** An HTTP answer to a batch, as far as it was read. */
export interface BatchAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: unknown;
}

interface BatchResult {
  accepted: number;
  duplicates: number;
  rejected: number;
  retryable: number;
  results: { index: number; id: unknown; status: string; code?: string }[];
}

/** Statuses that ask for another try. Every other status but 200 is a broken promise: the requests are well-formed. */
const TRY_AGAIN = [429, 503];

/**
 * Judges one answer by its form and by what must come of each event, and marks events that have a final answer now.
 *
 * @returns the events that the API says are stored
 */
export function judgeAnswer(
  events: readonly SentEvent[],
  { status, retryAfter, body }: BatchAnswer,
  violations: Violations,
): Acknowledgement[] {
  const result = body as BatchResult;
  const fault =
    status === 200 ? formFault(events, result, retryAfter !== null) : tryAgainFault(status, retryAfter);
  if (fault !== undefined) violations.add('I7', `${fault}: ${JSON.stringify(body).slice(0, 300)}`);
  if (fault !== undefined || status !== 200) return [];
  return result.results.flatMap((outcome, index) => {
    const event = events[index];
    return event !== undefined && settle(event, outcome, violations) ? [acknowledgement(event)] : [];
  });
}

/** What is wrong with an answer that is no success: only "try again", saying when, is right in a drill. */
export function tryAgainFault(status: number, retryAfter: string | null): string | undefined {
  if (!TRY_AGAIN.includes(status)) return `status ${status}`;
  return Number(retryAfter ?? 0) >= 1 ? undefined : `${status} with Retry-After ${retryAfter ?? 'missing'}`;
}

function formFault(
  events: readonly SentEvent[],
  result: BatchResult,
  hasRetryAfter: boolean,
): string | undefined {
  const { accepted, duplicates, rejected, retryable, results } = result;
  if (results.length !== events.length) return `${results.length} outcomes for ${events.length} events`;
  if (accepted + duplicates + rejected + retryable !== events.length)
    return 'the sums are not the events sent';
  const misplaced = results.find(
    (outcome, index) => outcome.index !== index || outcome.id !== events[index]?.body.id,
  );
  if (misplaced !== undefined) return `outcome ${misplaced.index} is not that of its event`;
  if (hasRetryAfter !== retryable > 0)
    return `Retry-After ${hasRetryAfter ? 'without' : 'is missing beside'} 'retry'`;
  return undefined;
}

/** Returns whether the outcome acknowledges the event. */
function settle(
  event: SentEvent,
  { status, code }: { status: string; code?: string },
  violations: Violations,
): boolean {
  if (status === 'retry') return false;
  const stored = status === 'accepted' || status === 'duplicate';
  if ((stored ? 'stored' : code) !== event.expected) {
    const invariant = event.final && event.expected === 'stored' ? 'I1' : 'I7';
    violations.add(
      invariant,
      `${event.body.type} was answered ${status} ${code ?? ''}, not ${event.expected}`,
    );
  }
  event.final = true;
  if (status === 'accepted') event.accepted += 1;
  if (event.accepted > 1) violations.add('I2', `${event.body.id} was accepted ${event.accepted} times`);
  return stored && event.expected === 'stored';
}

function acknowledgement({ tenant, body }: SentEvent): Acknowledgement {
  return { tenantId: tenant.tenantId, eventId: body.id, at: Date.parse(body.occurredAt) };
}
