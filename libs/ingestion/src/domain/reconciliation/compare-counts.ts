/**
 * What two numbers for the same thing say of each other. `expected`: they differ by at most 5 % of theirs, border
 * included, which is normal between counters that follow the same rules (PTMG v2.3 §5.6, IAB-27). `investigate`: by more.
 */
export type CountVerdict = 'expected' | 'investigate';

/** Our number of downloads beside theirs. */
export interface Comparison {
  readonly ours: number;
  readonly theirs: number;
  /** ours − theirs. */
  readonly difference: number;
  /** (ours − theirs) / theirs: the base is theirs. Null where theirs is 0. */
  readonly ratio: number | null;
  readonly verdict: CountVerdict;
}

/** One part of theirs in how many may be missing, or too many: 1/20 is 5 %. */
const TOLERANCE_PARTS = 20;

/**
 * Compares two counts.
 * @param ours and `theirs`: whole numbers from 0 to 10^14. Beyond that the border would not be exact
 */
export function compareCounts(ours: number, theirs: number): Comparison {
  const difference = ours - theirs;
  // In whole numbers: 0.05 has no exact form in binary.
  const isWithin = Math.abs(difference) * TOLERANCE_PARTS <= theirs;
  return {
    ours,
    theirs,
    difference,
    ratio: theirs === 0 ? null : difference / theirs,
    verdict: isWithin ? 'expected' : 'investigate',
  };
}
