import { DAY_MS, MINUTE_MS } from './time-range.js';

/**
 * A calendar date and clock reading without a zone, as the milliseconds that the same reading has in UTC. Only
 * `LocalZone` turns it into an instant and back.
 */
export type WallTime = number;

/** Ten years of days, and some: the longest range that can be asked for. */
const DAYS_KEPT = 4_000;
const ZONES_KEPT = 100;
const zones = new Map<string, LocalZone>();

/**
 * The clock of an IANA time zone, which remembers what was read from it before.
 * @throws RangeError when `name` is not a time zone.
 */
export function localZone(name: string): LocalZone {
  const known = zones.get(name) ?? new LocalZone(name);
  if (zones.size >= ZONES_KEPT) zones.clear();
  zones.set(name, known);
  return known;
}

/**
 * The clock of one IANA time zone: the only place where local time and UTC are converted.
 *
 * Instants are milliseconds since 1970-01-01T00:00Z. The rules are those of Node's ICU data
 * (`process.versions.tz`).
 */
export class LocalZone {
  private readonly format: Intl.DateTimeFormat;
  /** What the clock is ahead of UTC at the start of each UTC day that was asked about. */
  private readonly atDayStart = new Map<number, number>();

  /** @throws RangeError when `name` is not a time zone. */
  constructor(readonly name: string) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What the local clock shows at an instant, to the second. */
  wallTime(instant: number): WallTime {
    return wholeSeconds(instant) + this.offset(instant);
  }

  /**
   * Milliseconds by which the local clock is ahead of UTC at an instant. No clock was ever changed twice within two days,
   * so a day that begins and ends with the same offset has no other; reading the clock itself is a hundred times slower.
   */
  offset(instant: number): number {
    const day = Math.floor(instant / DAY_MS);
    const offset = this.offsetAtStartOf(day);
    return offset === this.offsetAtStartOf(day + 1) ? offset : this.readOffset(instant);
  }

  private offsetAtStartOf(day: number): number {
    const known = this.atDayStart.get(day);
    if (known !== undefined) return known;
    const read = this.readOffset(day * DAY_MS);
    if (this.atDayStart.size >= DAYS_KEPT) this.atDayStart.clear();
    this.atDayStart.set(day, read);
    return read;
  }

  private readOffset(instant: number): number {
    const read: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(instant)) read[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSeconds(instant);
  }

  /**
   * The first instant at which the local clock shows `wall` or later.
   *
   * A reading that occurs twice gives the earlier instant; one that a change of the clock skips gives the instant of
   * the change. So the starts of consecutive days neither overlap nor leave a gap; they coincide where a zone skipped
   * a whole day.
   */
  instant(wall: WallTime): number {
    const offsets = [this.offset(wall - DAY_MS), this.offset(wall + DAY_MS)];
    const candidates = [wall - Math.max(...offsets), wall - Math.min(...offsets)];
    const exact = candidates.find((candidate) => this.wallTime(candidate) === wall);
    return exact ?? this.changeBetween(Math.min(...candidates), Math.max(...candidates));
  }

  /** `2026-03-29T00:00:00+01:00`: the local reading and the offset at an instant (RFC 3339). */
  label(instant: number): string {
    const offset = this.offset(instant);
    const size = Math.abs(offset) / MINUTE_MS;
    const digits = (value: number) => String(Math.floor(value)).padStart(2, '0');
    const sign = offset < 0 ? '-' : '+';
    return `${new Date(instant + offset).toISOString().slice(0, 19)}${sign}${digits(size / 60)}:${digits(size % 60)}`;
  }

  /** The instant in (before, after] at which the offset becomes that of `after`. Changes happen on full seconds. */
  private changeBetween(before: number, after: number): number {
    const target = this.offset(after);
    let [low, high] = [before, after];
    while (high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000;
      if (this.offset(middle) === target) high = middle;
      else low = middle;
    }
    return high;
  }
}

function wholeSeconds(instant: number): number {
  return Math.floor(instant / 1000) * 1000;
}
