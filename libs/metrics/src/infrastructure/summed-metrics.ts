import { LISTEN_TIME } from '../domain/event-metrics.js';

/** Condition for counts of events and downloads, whose rows the lock of the day's rollups guards. */
export const COUNTS = `metric <> '${LISTEN_TIME}'` as const;

/** Condition for what was heard, whose rows follow later and are guarded by the lock of the day's listening. */
export const HEARD = `metric = '${LISTEN_TIME}'` as const;

/** Metrics whose rows are summed together: each kind is left alone by whoever writes the other. */
export type SummedMetrics = typeof COUNTS | typeof HEARD;
