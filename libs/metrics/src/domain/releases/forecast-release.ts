import { HOUR_MS } from '@lib/primitives';
import { quantileOf } from './quantile-of.js';

/** Days since publication at which a forecast can be asked for. */
export const FORECAST_DAYS = [7, 30, 60, 90] as const;
export type ForecastDays = (typeof FORECAST_DAYS)[number];

/** The part of all cases that the interval is made to hold. */
export const INTERVAL = 0.8;
/** With fewer, not even the range from the least to the greatest share holds 80 % of all cases. */
export const FEWEST_EPISODES = 9;
/** Before, the hours of publication and of automatic downloads decide more than the show does. */
export const YOUNGEST_MS = 24 * HOUR_MS;
/** What is counted on fewer downloads says more about chance than about the show. */
export const FEWEST_DOWNLOADS = 10;

/** An earlier episode of the show whose horizon has passed. */
export interface PastRelease {
  /** Downloads by the age that the episode in question has now. */
  readonly reached: number;
  /** Downloads by the horizon. */
  readonly total: number;
}

/** An episode whose downloads are to be foretold. */
export interface RunningRelease {
  /** Time since publication; null when it is not published yet. */
  readonly ageMs: number | null;
  /** Downloads up to that age. */
  readonly soFar: number;
}

/** What a forecast lacks: how much of it there is, and how much is needed. */
export interface Lack {
  readonly what: 'completed_episodes' | 'age_hours' | 'downloads' | 'reached_share';
  readonly have: number;
  readonly need: number;
}

/** A number with the interval that holds 80 % of all cases. */
export interface Estimate {
  readonly expected: number;
  readonly lower: number;
  readonly upper: number;
}

export type Forecast =
  | { readonly status: 'not_enough_data'; readonly missing: readonly Lack[]; readonly episodes: number }
  | {
      readonly status: 'forecast';
      readonly downloads: Estimate;
      /** F(a): the share of the horizon's downloads that episodes of the show have at this age. Null before publication. */
      readonly reachedShare: Estimate | null;
      /** How many earlier episodes it comes from. */
      readonly episodes: number;
    };

/**
 * Foretells an episode's downloads at a horizon from its show's own decay: `so far ÷ F(a)`, where F(a) is the median, over
 * the show's earlier episodes, of the share of the horizon's downloads that they had at the same age. The interval comes
 * from the quantiles of those shares that leave out a tenth on either side. Before publication there is nothing to scale,
 * and the forecast is the distribution of the earlier episodes' totals.
 *
 * Earlier episodes with fewer than 10 downloads are left out. Never gives a number on fewer than 9 others, in the first 24
 * hours, or for an episode with fewer than 10 downloads so far.
 *
 * @param past never holds the episode itself
 */
export function forecastRelease({ ageMs, soFar }: RunningRelease, past: readonly PastRelease[]): Forecast {
  const usable = past.filter(({ total }) => total >= FEWEST_DOWNLOADS);
  const episodes = usable.length;
  const lacks: Lack[] = [];
  if (episodes < FEWEST_EPISODES)
    lacks.push({ what: 'completed_episodes', have: episodes, need: FEWEST_EPISODES });
  if (ageMs === null) {
    if (lacks.length > 0) return { status: 'not_enough_data', missing: lacks, episodes };
    const downloads = rounded(estimate(usable.map(({ total }) => total)));
    return { status: 'forecast', downloads, reachedShare: null, episodes };
  }
  if (ageMs < YOUNGEST_MS)
    lacks.push({ what: 'age_hours', have: ageMs / HOUR_MS, need: YOUNGEST_MS / HOUR_MS });
  if (soFar < FEWEST_DOWNLOADS) lacks.push({ what: 'downloads', have: soFar, need: FEWEST_DOWNLOADS });
  if (lacks.length > 0) return { status: 'not_enough_data', missing: lacks, episodes };
  const share = estimate(usable.map(({ reached, total }) => reached / total));
  // Episodes that had nothing by this age: nothing can be divided by their share.
  if (share.lower <= 0)
    return { status: 'not_enough_data', missing: [{ what: 'reached_share', have: 0, need: 0.01 }], episodes };
  const downloads = {
    expected: soFar / share.expected,
    lower: soFar / share.upper,
    upper: soFar / share.lower,
  };
  return { status: 'forecast', downloads: rounded(downloads), reachedShare: share, episodes };
}

function estimate(values: readonly number[]): Estimate {
  const tail = (1 - INTERVAL) / 2;
  return {
    expected: quantileOf(values, 0.5),
    lower: quantileOf(values, tail),
    upper: quantileOf(values, 1 - tail),
  };
}

function rounded({ expected, lower, upper }: Estimate): Estimate {
  return { expected: Math.round(expected), lower: Math.floor(lower), upper: Math.ceil(upper) };
}
