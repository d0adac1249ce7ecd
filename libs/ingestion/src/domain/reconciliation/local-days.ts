import { DAY_MS, localZone, utcDate } from '@lib/primitives';

/** Consecutive calendar days of one time zone, which begin and end where its clock says. */
export interface LocalDays {
  /** `YYYY-MM-DD`, ascending. */
  readonly days: readonly string[];
  /** Start of each, in UTC. Two are the same where the zone skipped a day. */
  readonly starts: readonly Date[];
  /** End of the last. */
  readonly end: Date;
}

/**
 * The days from `firstDay` to `lastDay`, both included, as the clock of a zone cuts them.
 * @param timeZone IANA name
 */
export function localDays(timeZone: string, firstDay: string, lastDay: string): LocalDays {
  const zone = localZone(timeZone);
  const days: string[] = [];
  const starts: Date[] = [];
  for (let wall = Date.parse(firstDay); wall <= Date.parse(lastDay); wall += DAY_MS) {
    days.push(utcDate(new Date(wall)));
    starts.push(new Date(zone.instant(wall)));
  }
  return { days, starts, end: new Date(zone.instant(Date.parse(lastDay) + DAY_MS)) };
}

/** The UTC days that some local days touch. */
export function utcDaysOf({ starts, end }: LocalDays): string[] {
  const days: string[] = [];
  const first = Date.parse(utcDate(starts[0] ?? end));
  for (let at = first; at < end.getTime(); at += DAY_MS) days.push(utcDate(new Date(at)));
  return days;
}
