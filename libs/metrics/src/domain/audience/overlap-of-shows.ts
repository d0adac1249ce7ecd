import type { AudienceSize } from './estimate-audience.js';

/** How the listeners of two shows meet. Shares are of the first and of the second; null where there is nothing to divide by. */
export interface Overlap {
  readonly shareOfFirst: number | null;
  readonly shareOfSecond: number | null;
  /** Common listeners / listeners of either (Jaccard index). */
  readonly jaccard: number | null;
}

/** Shares of the sizes of two sets and of what they have in common. Estimates may disagree a little: no share exceeds 1. */
export function overlapOf(first: AudienceSize, second: AudienceSize, common: AudienceSize): Overlap {
  const [a, b, both] = [first, second, common].map(({ listeners }) => listeners ?? 0) as [
    number,
    number,
    number,
  ];
  return {
    shareOfFirst: ratio(both, a),
    shareOfSecond: ratio(both, b),
    jaccard: ratio(both, a + b - both),
  };
}

function ratio(part: number, whole: number): number | null {
  return whole <= 0 ? null : Math.min(1, part / whole);
}
