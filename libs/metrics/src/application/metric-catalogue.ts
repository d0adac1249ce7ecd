/** What may be asked for, for those who describe questions. */
export { EVENT_METRICS, EVIDENCE_LEVELS, LISTEN_TIME, METRICS } from '../domain/event-metrics.js';
export { INTERVALS } from '../domain/local-buckets.js';
