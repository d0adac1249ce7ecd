import { BIN_MS, type HeardByBin } from './position-bins.js';

/** One bin of an episode: `[startMs, endMs)`. */
export interface CurvePoint {
  readonly startMs: number;
  readonly endMs: number;
  /** Milliseconds of it that were heard, by all listeners together. */
  readonly heardMs: number;
  /** How much of it each start heard on average; above 1 where passages are heard again. Null without starts. */
  readonly share: number | null;
}

/** Where the curve falls from one bin to the next. */
export interface Drop {
  /** Where the lower bin begins. */
  readonly startMs: number;
  readonly shareBefore: number;
  readonly share: number;
  /** `shareBefore − share`. */
  readonly fall: number;
}

/** How far listening gets. Null where there are no starts, or no length is known to divide by. */
export interface Completion {
  /** Content heard for each start. */
  readonly averageHeardMs: number | null;
  /** `averageHeardMs` by the episode's length; above 1 where much is heard again. */
  readonly averageCompletion: number | null;
  /** End of the last bin that at least half of the starts heard: a median of how far they get. 0 where there is none. */
  readonly halfHeardToMs: number | null;
  /** `halfHeardToMs` by the episode's length. */
  readonly halfCompletion: number | null;
}

/**
 * The curve of an episode from 0 to its end, or further where more was heard than the episode is said to be long. The last
 * bin of an episode is as short as the episode makes it, unless more of it was heard than that allows.
 *
 * @param durationMs null where it is not known: the curve ends with the last bin that was heard
 */
export function retentionCurve(heard: HeardByBin, starts: number, durationMs: number | null): CurvePoint[] {
  const lastHeard = Math.max(-1, ...heard.keys());
  const lastOfEpisode = Math.ceil((durationMs ?? 0) / BIN_MS) - 1;
  return Array.from({ length: Math.max(lastHeard, lastOfEpisode) + 1 }, (_, bin) => {
    const startMs = bin * BIN_MS;
    const heardMs = heard.get(bin) ?? 0;
    const restMs = (durationMs ?? 0) - startMs;
    const isLast = bin === lastOfEpisode && lastHeard <= bin && heardMs <= restMs * starts;
    const endMs = startMs + (isLast ? restMs : BIN_MS);
    return { startMs, endMs, heardMs, share: starts === 0 ? null : heardMs / (endMs - startMs) / starts };
  });
}

/** The deepest falls of a curve, deepest first, of equals the earlier one; at most `limit`. */
export function deepestDrops(curve: readonly CurvePoint[], limit: number): Drop[] {
  return curve
    .flatMap(({ startMs, share }, index) => {
      const shareBefore = curve[index - 1]?.share ?? null;
      if (share === null || shareBefore === null || share >= shareBefore) return [];
      return [{ startMs, shareBefore, share, fall: shareBefore - share }];
    })
    .sort((a, b) => b.fall - a.fall || a.startMs - b.startMs)
    .slice(0, limit);
}

/** How far the starts of a curve get in an episode. */
export function completionOf(
  curve: readonly CurvePoint[],
  starts: number,
  durationMs: number | null,
): Completion {
  const averageHeardMs = starts === 0 ? null : curve.reduce((sum, { heardMs }) => sum + heardMs, 0) / starts;
  const halfHeardToMs =
    starts === 0 ? null : (curve.findLast(({ share }) => share !== null && share >= 0.5)?.endMs ?? 0);
  return {
    averageHeardMs,
    averageCompletion: dividedBy(averageHeardMs, durationMs),
    halfHeardToMs,
    halfCompletion: dividedBy(halfHeardToMs, durationMs),
  };
}

function dividedBy(value: number | null, by: number | null): number | null {
  return value === null || by === null || by === 0 ? null : value / by;
}
