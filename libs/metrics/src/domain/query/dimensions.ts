import { EVENT_METRICS, type Metric } from '../event-metrics.js';

/** By what else than podcast and episode rollups tell events apart, one at a time. */
export const DIMENSIONS = ['app', 'device', 'country'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The value of what nobody knows, in every dimension. */
export const UNKNOWN = 'unknown';

const DIMENSIONED: readonly Metric[] = ['downloads', ...EVENT_METRICS];

/** Whether a metric is kept by app, device and country. */
export function hasDimensions(metric: Metric): boolean {
  return DIMENSIONED.includes(metric);
}
