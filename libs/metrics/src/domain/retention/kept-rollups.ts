import { MINUTE_MS, SLICE_MS } from '@lib/primitives';

/**
 * From when on a tenant's rollups are kept, by grain, in UTC milliseconds: rows before are gone. Null: all are there.
 *
 * The finer a grain, the later its instant, and none is later than the first raw event that is kept. Slices, hours and
 * days begin at UTC midnights, days and months at that of the first of a month.
 */
export interface KeptRollups {
  readonly slice: number | null;
  readonly hour: number | null;
  readonly day: number | null;
  readonly month: number | null;
  /** Slices of the UTC days before it are 15 minutes wide. */
  readonly quartersUntil: number | null;
}

/** What is kept of a tenant from whom nothing was taken. */
export const ALL_KEPT: KeptRollups = {
  slice: null,
  hour: null,
  day: null,
  month: null,
  quartersUntil: null,
};

/** Width of the slices of old days. Every offset that a zone has had since 2000 is a multiple of it. */
export const WIDE_SLICE_MS = 15 * MINUTE_MS;

/** How wide slices at an instant are, in milliseconds. */
export function sliceWidth(at: number, { quartersUntil }: Pick<KeptRollups, 'quartersUntil'>): number {
  return quartersUntil !== null && at < quartersUntil ? WIDE_SLICE_MS : SLICE_MS;
}
