import { quantileOf } from './quantile-of.js';

/** What a show's episodes usually reach by an age. */
export interface UsualPoint {
  /** Whole days since publication. */
  readonly days: number;
  /** How many episodes have reached that age. */
  readonly episodes: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
}

/**
 * Median and quartiles of cumulative curves, by age. A curve counts up to the age that its episode has reached; ages that
 * none has reached have no point.
 */
export function usualCurve(curves: readonly (readonly number[])[]): UsualPoint[] {
  const longest = curves.reduce((length, curve) => Math.max(length, curve.length), 0);
  return Array.from({ length: longest }, (_, place) => {
    const values = curves.flatMap((curve) => curve[place] ?? []);
    return {
      days: place + 1,
      episodes: values.length,
      lowerQuartile: quantileOf(values, 0.25),
      median: quantileOf(values, 0.5),
      upperQuartile: quantileOf(values, 0.75),
    };
  });
}
