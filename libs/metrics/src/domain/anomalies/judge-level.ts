import { medianOf } from '../releases/quantile-of.js';

/** How many weeks back the same weekday is looked at. */
export const BASELINE_WEEKS = 8;
/** With fewer, nothing is usual yet. */
export const FEWEST_WEEKS = 4;
/** So many robust standard deviations from the middle are an anomaly. */
export const THRESHOLD = 4;
/** A level that neither had nor was expected to have so many downloads is left alone. */
export const FEWEST_DOWNLOADS = 30;

/** Makes the median absolute deviation of normal noise its standard deviation. */
const MAD_TO_DEVIATION = 1.4826;
/** Days differ by so much even where the last weeks happen to look alike. */
const LEAST_RELATIVE_DEVIATION = 0.12;
const LEAST_DEVIATION = 3;

/** A number beside what is usual. */
export interface Judgement {
  readonly expected: number;
  readonly actual: number;
  /** Robust standard deviations from `expected`. */
  readonly z: number;
  /** Undefined for a number that is not remarkable. */
  readonly direction: 'above' | 'below' | undefined;
}

/**
 * Compares downloads of a day, or of its first hours, with the same weekday of the last 8 weeks: robust z-score with the
 * median as the middle and the median absolute deviation as the scale. The scale is never below 12 % of the middle, its
 * square root (the noise of counting) and 3 downloads. An anomaly is |z| ≥ 4, with at least 30 downloads expected or there;
 * and a level that falls to nothing where each of the weeks had at least 30.
 *
 * @param baseline the same hours of the same weekday in earlier weeks, zeros included
 * @returns undefined with fewer than 4 weeks
 */
export function judgeLevel(actual: number, baseline: readonly number[]): Judgement | undefined {
  if (baseline.length < FEWEST_WEEKS) return undefined;
  const expected = medianOf(baseline);
  const deviation = MAD_TO_DEVIATION * medianOf(baseline.map((value) => Math.abs(value - expected)));
  const scale = Math.max(
    deviation,
    LEAST_RELATIVE_DEVIATION * expected,
    Math.sqrt(expected),
    LEAST_DEVIATION,
  );
  const z = (actual - expected) / scale;
  const silent = actual === 0 && Math.min(...baseline) >= FEWEST_DOWNLOADS;
  const remarkable = Math.abs(z) >= THRESHOLD && Math.max(actual, expected) >= FEWEST_DOWNLOADS;
  const direction = actual > expected ? 'above' : 'below';
  return { expected, actual, z, direction: silent || remarkable ? direction : undefined };
}
