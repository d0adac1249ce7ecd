import { DAY_MS, MINUTE_MS } from '@lib/primitives';

/**
 * A calendar date and clock reading without a zone, as the milliseconds that the same reading has in UTC. Only
 * `LocalZone` turns it into an instant and back.
 */
export type WallTime = number;

/**
 * The clock of one IANA time zone: the only place where local time and UTC are converted.
 *
 * Instants are milliseconds since 1970-01-01T00:00Z. The rules are those of Node's ICU data
 * (`process.versions.tz`).
 */
export class LocalZone {
  private readonly format: Intl.DateTimeFormat;

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
    const read: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(instant)) read[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = read;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** Milliseconds by which the local clock is ahead of UTC at an instant. */
  offset(instant: number): number {
    return this.wallTime(instant) - Math.floor(instant / 1000) * 1000;
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
