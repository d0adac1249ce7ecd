import { evidenceOf, type Evidence } from '../event-metrics.js';

/** The levels at which downloads, and so their listeners, are known. */
export type RequestEvidence = Exclude<Evidence, 'client_confirmed'>;

/** Strongest first. */
export const REQUEST_EVIDENCE = evidenceOf('downloads') as readonly RequestEvidence[];
