import { describe, expect, it } from '@jest/globals';
import { HOUR_MS, LocalZone } from '@lib/primitives';
import fc from 'fast-check';
import { localDay } from './local-day.js';

/** Changes of the clock by an hour and by half of one, none, and a zone that once skipped a day. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
];

const dateIn = (zone: string, instant: number) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(instant);

describe('a local day', () => {
  it('holds the instant that it was asked for, and exactly the instants of its date', () => {
    const instants = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2040, 0, 1) });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), instants, (name, instant) => {
        const { date, from, to } = localDay(new LocalZone(name), instant);
        expect(from <= instant && instant < to).toBe(true);
        expect(date).toBe(dateIn(name, instant));
        for (const inside of [from, to - 1]) expect(dateIn(name, inside)).toBe(date);
        for (const outside of [from - 1, to]) expect(dateIn(name, outside)).not.toBe(date);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['Europe/Berlin', '2026-03-29T10:00Z', 23],
    ['Europe/Berlin', '2026-10-25T10:00Z', 25],
    ['Australia/Lord_Howe', '2026-10-04T02:00Z', 23.5],
    ['Asia/Kolkata', '2026-03-29T10:00Z', 24],
  ])('in %s at %s has %d hours', (zone, at, hours) => {
    const { from, to } = localDay(new LocalZone(zone), Date.parse(at));
    expect((to - from) / HOUR_MS).toBe(hours);
  });
});
