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

/** Milliseconds of content heard, by what players tell. A duration, not a count of events: see `heardStretch`. */
export const LISTEN_TIME = 'listen_time';

/**
 * Every metric. `downloads` is the core one (PTMG v2.3 §6.1): unique requests for an episode that were delivered by the
 * rules of a rule set. At `prefix_only` the rule of one minute is not applied, because a redirect sees no bytes.
 */
export const METRICS = ['downloads', ...EVENT_METRICS, LISTEN_TIME] as const;
export type Metric = (typeof METRICS)[number];

/** How strong the proof behind an event is. Counts of different levels are never added up. */
export const EVIDENCE_LEVELS = ['origin_bytes', 'prefix_only', 'client_confirmed'] as const;
export type Evidence = (typeof EVIDENCE_LEVELS)[number];

/** One number of an answer is always of one metric at one level. */
export interface MetricLevel {
  readonly metric: Metric;
  readonly evidence: Evidence;
  /** Whether a measurement guideline defines it (PTMG v2.3 §5.1, IAB-28). Counts of events are our own. */
  readonly core: boolean;
}

/** Every level at which `metric` can be observed, strongest first. The SQL function `evidence_level` decides for an event. */
export function evidenceOf(metric: Metric): readonly Evidence[] {
  const isOfRequests = metric === 'downloads' || metric === 'download_request';
  return isOfRequests ? ['origin_bytes', 'prefix_only'] : ['client_confirmed'];
}

/** The levels of `metrics`, in the order of METRICS, each once; with `evidence`, only those at that level. */
export function metricLevels(metrics: readonly Metric[], evidence?: Evidence): MetricLevel[] {
  return METRICS.filter((metric) => metrics.includes(metric)).flatMap((metric) =>
    evidenceOf(metric)
      .filter((level) => evidence === undefined || level === evidence)
      .map((level) => ({ metric, evidence: level, core: metric === 'downloads' })),
  );
}
