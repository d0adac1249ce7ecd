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
  const seconds = Number(retryAfter ?? Number.NaN);
  if (TRY_AGAIN.includes(status)) {
    if (!(seconds >= 1)) violations.add('I7', `${status} with Retry-After ${retryAfter ?? 'missing'}`);
    return [];
  }
  const result = body as BatchResult;
  if (status !== 200) {
    violations.add('I7', `status ${status}: ${JSON.stringify(body).slice(0, 300)}`);
    return [];
  }
  const fault = formFault(events, result, retryAfter !== null);
  if (fault !== undefined) {
    violations.add('I7', fault);
    return [];
  }
  return result.results.flatMap((outcome, index) => {
    const event = events[index];
    return event !== undefined && settle(event, outcome, violations) ? [acknowledgement(event)] : [];
  });
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
