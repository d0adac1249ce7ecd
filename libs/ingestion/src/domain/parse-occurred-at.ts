/** The form in which times are stored, {@link Date.toISOString}'s. */
const STORED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads the time of an event: RFC 3339 with a zone and at most milliseconds. One parser for every road, because the time
 * is part of an event's identity.
 *
 * Finer fractions are refused and not cut: two readers that cut differently would store one event twice. A leap second
 * (`:60`) is refused too, since JavaScript and PostgreSQL disagree about it; so are the year 0 and days that a month does
 * not have.
 *
 * @returns the instant, or the rule that the text breaks
 */
export function parseOccurredAt(text: string): Date | string {
  return readStored(text) ?? readAnyForm(text);
}

/** The text of an instant that was read from `text`: ISO 8601 in UTC with milliseconds. Mostly it is that already. */
export function storedTime(text: string, instant: Date): string {
  return STORED.test(text) ? text : instant.toISOString();
}

/** Most senders write the stored form; V8 reads it several times faster than any form. Undefined where in doubt. */
function readStored(text: string): Date | undefined {
  if (!STORED.test(text) || text.startsWith('0000')) return undefined;
  const instant = new Date(text);
  // V8 takes 24:00 and the 31st of a shorter month for the day that follows.
  return instant.getUTCDate() === Number(text.slice(8, 10)) ? instant : undefined;
}

function readAnyForm(text: string): Date | string {
  const [, year = '', month = '', day = '', hour = '', minute = '', second = '', fraction = '', zone = ''] =
    RFC3339.exec(text) ?? [];
  if (year === '') return 'must be an RFC 3339 time with a zone, such as 2026-10-17T06:15:00.250Z';
  if (fraction.length > 3) return 'may be no finer than milliseconds';
  if (year === '0000') return 'must lie in the years 1 to 9999';
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return 'must be a time of day between 00:00:00 and 23:59:59';
  const offset = offsetMinutes(zone);
  if (offset === undefined) return 'must have a zone offset between -15:59 and +15:59';
  const utc = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(3, '0')),
  );
  const local = new Date(utc);
  if (Number(year) < 100) local.setUTCFullYear(Number(year));
  if (local.getUTCMonth() + 1 !== Number(month) || local.getUTCDate() !== Number(day))
    return 'must be a day that exists';
  return new Date(local.getTime() - offset * 60_000);
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
