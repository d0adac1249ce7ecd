import { DAY_MS, type LocalZone, SLICE_MS } from '@lib/primitives';
import { isSliceBorder } from './cover-with-grains.js';
import { invalidRange, rangeTooLong, unalignedRange } from './metrics.errors.js';

/** A half-open range `[from, to)` in UTC milliseconds, both multiples of 5 minutes. */
export interface CountedRange {
  readonly from: number;
  readonly to: number;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** Before 2000 some zones had offsets that no slice fits. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * Reads the bounds of a question.
 *
 * A bound is an instant with its offset (`2026-03-29T00:00:00Z`, `…+02:00`) or a date (`2026-03-29`), which means the
 * start of that local day. `from` is inside the range, `to` is not: `from=2026-03-01&to=2026-04-01` is March.
 *
 * @param longestDays how many days of 24 hours the range may cover; one more is allowed, for changes of the clock
 * @throws DomainError `invalid_range`, `unaligned_range` or `range_too_long` (400)
 */
export function readRange(
  zone: LocalZone,
  texts: { from: string; to: string },
  longestDays: number,
  longest: string,
): CountedRange {
  const from = readBound(zone, 'from', texts.from);
  const to = readBound(zone, 'to', texts.to);
  checkAligned('from', from);
  checkAligned('to', to);
  if (from >= to) throw invalidRange('to', 'to must be later than from: the range ends before to.');
  if (to - from > (longestDays + 1) * DAY_MS) throw rangeTooLong(longest);
  return { from, to };
}

/**
 * Reads one bound, in the forms of {@link readRange}, to the millisecond.
 *
 * @returns UTC milliseconds
 * @throws DomainError `invalid_range` (400)
 */
export function readBound(zone: LocalZone, field: 'from' | 'to', text: string): number {
  const instant = readDate(zone, text) ?? readInstant(text);
  if (instant === undefined) {
    throw invalidRange(
      field,
      `${field} must be a date such as 2026-03-29 or an instant such as 2026-03-29T00:00:00Z; write + as %2B in a URL.`,
    );
  }
  if (instant < EARLIEST || instant > LATEST)
    throw invalidRange(field, `${field} must lie between the years 2000 and 2100.`);
  return instant;
}

function checkAligned(field: 'from' | 'to', instant: number): void {
  if (!isSliceBorder(instant))
    throw unalignedRange(field, instant, Math.round(instant / SLICE_MS) * SLICE_MS);
}

function readDate(zone: LocalZone, text: string): number | undefined {
  if (!DATE.test(text) || !isCalendarDate(text)) return undefined;
  return zone.instant(Date.parse(`${text}T00:00:00Z`));
}

function readInstant(text: string): number | undefined {
  const [, date = ''] = INSTANT.exec(text) ?? [];
  return isCalendarDate(date) ? Date.parse(text) : undefined;
}

/** JavaScript reads the 30th of February as the 2nd of March; this does not. */
function isCalendarDate(date: string): boolean {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(date);
}
