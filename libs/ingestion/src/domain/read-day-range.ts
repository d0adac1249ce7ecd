import { DAY_MS, DomainError, utcDate } from '@lib/primitives';

/**
 * Checks a range of UTC days, both included.
 * @param days `YYYY-MM-DD`
 * @throws DomainError `invalid_range` (400) naming `firstDay` or `lastDay`
 */
export function readDayRange(
  { firstDay, lastDay }: { readonly firstDay: string; readonly lastDay: string },
  longestDays: number,
): { first: Date; last: Date } {
  const range = { first: readDay('firstDay', firstDay), last: readDay('lastDay', lastDay) };
  if (range.last < range.first) throw invalid('lastDay', 'must not lie before firstDay');
  if (range.last.getTime() - range.first.getTime() >= longestDays * DAY_MS)
    throw invalid('lastDay', `must lie less than ${longestDays} days after firstDay`);
  return range;
}

/** JavaScript reads the 30th of February as the 2nd of March; this does not. */
function readDay(field: string, text: string): Date {
  const day = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(day.getTime()) || utcDate(day) !== text) throw invalid(field, 'is no day of the calendar');
  return day;
}

function invalid(field: string, rule: string): DomainError {
  return new DomainError('invalid_range', 400, `${field} ${rule}.`, { field });
}
