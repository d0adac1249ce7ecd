import type { MarkKind } from '@lib/time-series';
import type { CountedRange } from '../../domain/read-range.js';
import type { RollupState } from '../../infrastructure/answer-frame.sql.js';

/** What an answer was made of: enough to find out later whether it still stands. */
export interface AnswerOrigin {
  /** Whose rule sets it names, and what its numbers were read from. */
  readonly asked: CountedRange;
  readonly counted: CountedRange;
  /** What an event passes before it is in them. */
  readonly stages: readonly MarkKind[];
  /** Of the rollups, in the snapshot that its numbers come from. */
  readonly state: RollupState;
  /** UTC milliseconds from which on the answer is another though no number changed; left out where it never is. */
  readonly until?: number;
}

/**
 * Where an answer carries its origin. It goes wherever the frame of the answer is spread to, and JSON leaves it out. An
 * answer without it is never kept.
 */
export const ORIGIN: unique symbol = Symbol('origin of an answer');
