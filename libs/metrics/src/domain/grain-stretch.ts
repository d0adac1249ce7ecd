/** Widths at which rollups are stored: 5 minutes, 1 hour, 1 day and 1 month, all in UTC. */
export type Grain = 'slice' | 'hour' | 'day' | 'month';

/** A stretch `[from, to)` in UTC milliseconds that is to be read from rows of one grain. */
export interface GrainStretch {
  readonly grain: Grain;
  readonly from: number;
  readonly to: number;
}
