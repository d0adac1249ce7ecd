/** What may be asked for, for those who describe questions. */
export { EVENT_METRICS, EVIDENCE_LEVELS, LISTEN_TIME, METRICS } from '../domain/event-metrics.js';
export { GROUPINGS, LISTENERS, ORDERS, QUERY_METRICS } from '../domain/query/metrics-query.js';
export { INTERVALS } from '../domain/local-buckets.js';
export { REQUEST_EVIDENCE as LISTENER_EVIDENCE } from '../domain/audience/request-evidence.js';
