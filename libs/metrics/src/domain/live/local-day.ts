import { DAY_MS, type LocalZone } from '@lib/primitives';
import type { CountedRange } from '../read-range.js';

/** A day of a local clock. */
export interface LocalDay extends CountedRange {
  /** `YYYY-MM-DD` */
  readonly date: string;
}

/** The day of the local clock that holds an instant: 24 hours, or more or fewer where the clock is changed. */
export function localDay(zone: LocalZone, instant: number): LocalDay {
  const midnight = Math.floor(zone.wallTime(instant) / DAY_MS) * DAY_MS;
  return {
    date: new Date(midnight).toISOString().slice(0, 10),
    from: zone.instant(midnight),
    to: zone.instant(midnight + DAY_MS),
  };
}
