import type { EventInput } from './event-input.js';

/** An event that may be stored. `id` is a lower-case UUID. */
export interface CheckedEvent {
  readonly input: EventInput;
  readonly id: string;
  readonly occurredAt: Date;
  readonly payloadHash: bigint;
  /** Older than the acceptance window: it is new to nobody, so only its identity may be looked up. */
  readonly tooOld: boolean;
}
