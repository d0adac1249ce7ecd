/**
 * The metrics that count events: one for each event type.
 *
 * They are the product's own numbers, not the core metrics of a measurement guideline: `download_request` counts
 * requests as they came in, before any filter, window or threshold of PTMG v2.3 §5 is applied.
 */
export const EVENT_METRICS = [
  'download_request',
  'play',
  'pause',
  'resume',
  'seek',
  'progress',
  'complete',
  'ad_delivered',
  'ad_play',
] as const;
export type EventMetric = (typeof EVENT_METRICS)[number];

/** How strong the proof behind an event is. Counts of different levels are never added up. */
export const EVIDENCE_LEVELS = ['origin_bytes', 'prefix_only', 'client_confirmed'] as const;
export type Evidence = (typeof EVIDENCE_LEVELS)[number];

/** One number of an answer is always of one metric at one level. */
export interface MetricLevel {
  readonly metric: EventMetric;
  readonly evidence: Evidence;
}

/** Every level at which `metric` can be observed, strongest first. The SQL function `evidence_level` decides for an event. */
export function evidenceOf(metric: EventMetric): readonly Evidence[] {
  return metric === 'download_request' ? ['origin_bytes', 'prefix_only'] : ['client_confirmed'];
}

/** The levels of `metrics`, in the order of EVENT_METRICS, each once; with `evidence`, only those at that level. */
export function metricLevels(metrics: readonly EventMetric[], evidence?: Evidence): MetricLevel[] {
  return EVENT_METRICS.filter((metric) => metrics.includes(metric)).flatMap((metric) =>
    evidenceOf(metric)
      .filter((level) => evidence === undefined || level === evidence)
      .map((level) => ({ metric, evidence: level })),
  );
}
