import { METRICS, type Evidence, type Metric } from '../event-metrics.js';
import type { Interval } from '../local-buckets.js';
import { DIMENSIONS, type Dimension } from './dimensions.js';

/**
 * Different listeners. They are not among METRICS, since nothing of them adds up: neither over time nor over shows or
 * levels.
 */
export const LISTENERS = 'listeners';

/** What numbers can be asked for. */
export const QUERY_METRICS = [
  'downloads',
  LISTENERS,
  ...METRICS.filter((metric) => metric !== 'downloads'),
] as const;
export type QueryMetric = Metric | typeof LISTENERS;

/** By what numbers can be split, besides metric and evidence, by which they always are. */
export const GROUPINGS = ['podcast', 'episode', ...DIMENSIONS] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** `value`: the highest first, then by name. `name`: by code point, A before a. */
export const ORDERS = ['value', 'name'] as const;
export type Order = (typeof ORDERS)[number];

/** Values of which a number may be: one of them in each list; undefined is any. */
export interface QueryFilters {
  readonly podcastIds?: readonly string[] | undefined;
  readonly episodeIds?: readonly string[] | undefined;
  readonly evidence?: readonly Evidence[] | undefined;
  readonly app?: readonly string[] | undefined;
  readonly device?: readonly string[] | undefined;
  readonly country?: readonly string[] | undefined;
}

/** What is asked, apart from when. */
export interface QueryShape extends QueryFilters {
  readonly metrics: readonly Metric[];
  /** At most two, each once. */
  readonly by: readonly Grouping[];
  /** Undefined: one number for the whole range. */
  readonly interval?: Interval | undefined;
  readonly order: Order;
}

/** The dimensions that a question groups or filters by, each once. */
export function dimensionsOf({ by, ...filters }: QueryFilters & Pick<QueryShape, 'by'>): Dimension[] {
  return DIMENSIONS.filter((dimension) => by.includes(dimension) || filters[dimension] !== undefined);
}

/** Whether rows by episode are needed; else rows by podcast, or of the whole network, add up to the same. */
export function isByEpisode({ by, episodeIds }: QueryFilters & Pick<QueryShape, 'by'>): boolean {
  return by.includes('episode') || episodeIds !== undefined;
}
