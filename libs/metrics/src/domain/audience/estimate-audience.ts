/** What is known of a set of audience ids: all of them, or the lowest ones. */
export interface AudienceSample {
  /** Different ids below the threshold. */
  readonly kept: number;
  /**
   * The share of all possible ids that lie below the threshold; 1 where the set is known whole. Ids are keyed hashes, so any
   * set has about this share of its ids there.
   */
  readonly share: number;
}

/** How many listeners there are. */
export interface AudienceSize {
  /** Null where only bounds are known. */
  readonly listeners: number | null;
  /** True when they were counted; false when they were estimated, or only bounds are known. */
  readonly exact: boolean;
  /** Relative standard error of the estimate; null where nothing was estimated, or too little is known to tell. */
  readonly standardError: number | null;
  /** With 95 % probability there are not fewer; as many as `listeners` where that is exact. */
  readonly lower: number;
  /** With 95 % probability there are not more. */
  readonly upper: number;
}

/** Two-sided 95 % of the normal distribution. */
const Z = 1.96;
const LOWEST = -(2n ** 63n);

/** The share of ids below a threshold, which is text of a bigint; null is no threshold. */
export function shareBelow(threshold: string | null): number {
  return threshold === null ? 1 : Number(BigInt(threshold) - LOWEST) / 2 ** 64;
}

/**
 * The size of a set of which the ids below a threshold are known (k minimum values: Bar-Yossef et al., 2002; Beyer et al.,
 * 2007). `kept / share` has a relative standard error of √((1 − share) / (kept − 1)): not more than 1 / √(2,500 − 2), 2 %,
 * for a sketch of 2,500, and less for unions that keep more. The interval is Wilson's for `kept` successes of an unknown
 * number of trials with chance `share`; unlike ± 1.96 standard errors it holds for a few ids, and for none.
 */
export function estimateAudience({ kept, share }: AudienceSample): AudienceSize {
  if (share >= 1) return exactAudience(kept);
  const middle = kept + (Z * Z * (1 - share)) / 2;
  const half = Z * Math.sqrt((1 - share) * (kept + (Z * Z * (1 - share)) / 4));
  return {
    listeners: Math.round(kept / share),
    exact: false,
    standardError: kept > 1 ? Math.sqrt((1 - share) / (kept - 1)) : null,
    lower: Math.max(kept, Math.floor((middle - half) / share)),
    upper: Math.ceil((middle + half) / share),
  };
}

/** A number of listeners that was counted. */
export function exactAudience(listeners: number): AudienceSize {
  return { listeners, exact: true, standardError: null, lower: listeners, upper: listeners };
}

/**
 * The size of the union of parts between which a listener changes ids. Nobody knows how many of a part come back in
 * another: there are at least as many as in the largest part, and at most as many as in all parts together. Parts without
 * anybody say nothing.
 */
export function boundAudience(parts: readonly AudienceSize[]): AudienceSize {
  const inhabited = parts.filter(({ upper }) => upper > 0);
  const [only] = inhabited;
  if (only === undefined) return exactAudience(0);
  if (inhabited.length === 1) return only;
  return {
    listeners: null,
    exact: false,
    standardError: null,
    lower: Math.max(...inhabited.map(({ lower }) => lower)),
    upper: inhabited.reduce((sum, { upper }) => sum + upper, 0),
  };
}
