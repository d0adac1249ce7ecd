/** What becomes of an alert: nobody has looked, a person has, or the number is no longer remarkable. */
export const ALERT_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];
