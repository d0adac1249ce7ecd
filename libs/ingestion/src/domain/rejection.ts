/** Why one event was not stored. Stable: senders branch on it. */
export type RejectionCode =
  | 'schema'
  | 'unknown_field'
  | 'unknown_type'
  | 'unknown_episode'
  | 'nul_byte'
  | 'lone_surrogate'
  | 'number_range'
  | 'too_deep'
  | 'too_large'
  | 'too_old'
  | 'future'
  | 'conflict';

/** One broken rule: the code, where, and what would be right. Never echoes the value. */
export interface Rejection {
  readonly code: RejectionCode;
  /** JSON pointer into the event; empty for the event as a whole. */
  readonly field: string;
  readonly detail: string;
}

/** Shorthand for the many places that refuse. */
export function reject(code: RejectionCode, field: string, detail: string): Rejection {
  return { code, field, detail };
}

/** Tells a refusal from a good value. */
export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}
