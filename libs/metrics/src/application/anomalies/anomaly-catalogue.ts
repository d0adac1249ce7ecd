/** What may be said of alerts, for those who describe them. */
export { ALERT_STATES } from '../../domain/anomalies/alert-states.js';
export { REASONS } from '../../domain/anomalies/likely-reasons.js';
