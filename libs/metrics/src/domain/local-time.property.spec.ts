import { describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS, LocalZone, SLICE_MS } from '@lib/primitives';
import fc from 'fast-check';
import { coverAtLeast, coverWithGrains, type Grain } from './cover-with-grains.js';
import { INTERVALS, localBuckets } from './local-buckets.js';
import { previousRange } from './previous-range.js';
import { ALL_KEPT } from './retention/kept-rollups.js';

const zones = new Map(Intl.supportedValuesOf('timeZone').map((name) => [name, new LocalZone(name)]));
const zone = fc.constantFrom(...zones.keys()).map((name) => zones.get(name)!);
const slice = fc
  .integer({ min: Date.UTC(2000, 0, 3) / SLICE_MS, max: Date.UTC(2037, 0, 1) / SLICE_MS })
  .map((index) => index * SLICE_MS);
const range = fc
  .tuple(slice, fc.integer({ min: 1, max: 400 * 288 }))
  .map(([from, slices]) => ({ from, to: from + slices * SLICE_MS }));
const interval = fc.constantFrom(...INTERVALS);
const WIDTH = { slice: SLICE_MS, hour: HOUR_MS, day: DAY_MS };

/** Whether a row of the grain begins at an instant. */
function isBorder(grain: Grain, at: number): boolean {
  if (grain === 'month') return new Date(at).toISOString().endsWith('-01T00:00:00.000Z');
  return at % WIDTH[grain] === 0;
}

describe('buckets', () => {
  test('cover the range once, in order, on borders of slices', () => {
    fc.assert(
      fc.property(zone, interval, range, (local, width, { from, to }) => {
        const starts = localBuckets(local, width, from, to, 120);
        expect(starts[0]).toBe(from);
        starts.forEach((start, index) => {
          expect(start).toBeLessThan(starts[index + 1] ?? to);
          expect(Math.abs(start % SLICE_MS)).toBe(0);
        });
      }),
      { numRuns: 150 },
    );
  });

  test('begin where the local clock says so', () => {
    fc.assert(
      fc.property(zone, interval, range, (local, width, { from, to }) => {
        for (const start of localBuckets(local, width, from, to, 60).slice(1)) {
          const now = new Date(local.wallTime(start));
          const before = new Date(local.wallTime(start - 1000));
          if (width === 'hour') expect(now.getUTCMinutes()).toBe(0);
          else expect(before.toISOString().slice(0, 10)).not.toBe(now.toISOString().slice(0, 10));
          if (width === 'week') expect(now.getUTCDay()).toBe(1);
          if (width === 'month') expect(now.getUTCDate()).toBe(1);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('of a day are 24 hours long, give or take a change of the clock', () => {
    fc.assert(
      fc.property(zone, range, (local, { from, to }) => {
        const starts = localBuckets(local, 'day', from, to, 60).slice(1);
        starts.slice(0, -1).forEach((start, index) => {
          const end = starts[index + 1]!;
          // A clock that is set forward to midnight shortens the day that ends, one set forward at midnight the other.
          const changes = [0, 1000].map((early) => local.offset(start - early) - local.offset(end - early));
          const skippedDay = changes.some((change) => change >= 20 * HOUR_MS);
          expect(skippedDay ? [DAY_MS] : changes.map((change) => DAY_MS + change)).toContain(end - start);
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('stored rows that cover buckets', () => {
  test('add up to each bucket: local days sum to the same as UTC', () => {
    fc.assert(
      fc.property(zone, interval, range, (local, width, { from, to }) => {
        const starts = localBuckets(local, width, from, to, 100);
        const stretches = coverWithGrains(starts, to, ALL_KEPT);
        let position = from;
        for (const stretch of stretches) {
          expect(stretch.from).toBe(position);
          expect(stretch.to).toBeGreaterThan(stretch.from);
          expect([stretch.from, stretch.to].map((at) => isBorder(stretch.grain, at))).toEqual([true, true]);
          position = stretch.to;
        }
        expect(position).toBe(to);
        for (const start of starts.slice(1)) {
          const holder = stretches.find((stretch) => stretch.from <= start && start < stretch.to)!;
          expect(isBorder(holder.grain, start)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('that are kept hold all of a range, whatever retention has left, and no more than it has to be', () => {
    const days = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(range, days, days, days, days, ({ from, to }, ...ages) => {
        const [quartersUntil = 0, slice = 0, hour = 0, oldest = 0] = ages
          .sort((a, b) => a - b)
          .map((age) => Math.floor(to / DAY_MS - age) * DAY_MS);
        const date = new Date(oldest);
        const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
        const kept = { slice, hour, day, month: null, quartersUntil };
        // Neither bound has to be the border of anything.
        const stretches = coverAtLeast(from + 37_250, to - 1, kept);
        for (const { grain, from: low, to: high } of stretches) {
          expect(low).toBeGreaterThanOrEqual(kept[grain] ?? -Infinity);
          expect([low, high].map((at) => isBorder(grain, at))).toEqual([true, true]);
        }
        stretches.slice(1).forEach((stretch, n) => expect(stretch.from).toBe(stretches[n]!.to));
        const [low, high] = [stretches[0]!.from, stretches.at(-1)!.to];
        expect(low).toBeLessThanOrEqual(from);
        expect(high).toBeGreaterThanOrEqual(to);
        if (from >= slice) expect([low, high]).toEqual(from >= quartersUntil ? [from, to] : [low, high]);
      }),
      { numRuns: 300 },
    );
  });

  test('are whole UTC days and months where buckets are', () => {
    const from = Date.UTC(2026, 0, 1);
    const to = Date.UTC(2027, 0, 1);
    const utc = zones.get('UTC') ?? new LocalZone('UTC');
    for (const width of ['day', 'week'] as const)
      expect(coverWithGrains(localBuckets(utc, width, from, to, 800), to, ALL_KEPT)).toEqual([
        { grain: 'day', from, to },
      ]);
    expect(coverWithGrains(localBuckets(utc, 'month', from, to, 800), to, ALL_KEPT)).toEqual([
      { grain: 'month', from, to },
    ]);
  });

  test('of a long range are months, and finer rows before the first and after the last', () => {
    const [from, to] = [Date.UTC(2026, 8, 29, 22), Date.UTC(2026, 11, 2, 0, 5)];
    expect(
      coverWithGrains([from], to, ALL_KEPT).map(
        ({ grain, from: low }) => `${grain} ${new Date(low).toISOString()}`,
      ),
    ).toEqual([
      'hour 2026-09-29T22:00:00.000Z',
      'day 2026-09-30T00:00:00.000Z',
      'month 2026-10-01T00:00:00.000Z',
      'day 2026-12-01T00:00:00.000Z',
      'slice 2026-12-02T00:00:00.000Z',
    ]);
  });

  test('are hours where the zone is off by whole hours, and a few slices more elsewhere', () => {
    const cover = (name: string) => {
      const local = new LocalZone(name);
      const from = local.instant(Date.UTC(2026, 5, 1));
      const to = local.instant(Date.UTC(2026, 5, 3));
      return coverWithGrains(localBuckets(local, 'day', from, to, 800), to, ALL_KEPT).map(
        ({ grain, from: low, to: high }) =>
          grain === 'month' ? grain : `${(high - low) / WIDTH[grain]} ${grain}`,
      );
    };
    expect(cover('Europe/Berlin')).toEqual(['48 hour']);
    expect(cover('Asia/Kolkata')).toEqual(['6 slice', '23 hour', '12 slice', '23 hour', '6 slice']);
  });
});

describe('an instant', () => {
  test('has the offset that the zone itself names, near its changes too', () => {
    const changes = [Date.UTC(2026, 2, 29, 1), Date.UTC(2026, 9, 25, 1), Date.UTC(2011, 11, 30, 10)];
    const near = fc.tuple(fc.constantFrom(...changes), fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }));
    fc.assert(
      fc.property(
        zone,
        fc.oneof(
          slice,
          near.map(([change, away]) => change + away),
        ),
        (local, at) => {
          const format = new Intl.DateTimeFormat('en', { timeZone: local.name, timeZoneName: 'longOffset' });
          const name = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')!.value;
          const [, sign, hours = 0, minutes = 0] = /^GMT(?:([+-])(\d+):(\d+))?$/.exec(name)!;
          const size = Number(hours) * HOUR_MS + Number(minutes) * (HOUR_MS / 60);
          expect(local.offset(at)).toBe(sign === '-' ? -size : size);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('is found again from what the clock shows, unless the clock shows it twice', () => {
    fc.assert(
      fc.property(zone, slice, (local, at) => {
        const found = local.instant(local.wallTime(at));
        expect(found).toBeLessThanOrEqual(at);
        expect(local.wallTime(found)).toBe(local.wallTime(at));
      }),
      { numRuns: 300 },
    );
  });

  test('and its label name the same moment', () => {
    fc.assert(
      fc.property(zone, slice, (local, at) => expect(Date.parse(local.label(at))).toBe(at)),
      { numRuns: 300 },
    );
  });
});

test('the previous range of local days ends where the range begins and has as many days', () => {
  fc.assert(
    fc.property(zone, slice, fc.integer({ min: 1, max: 60 }), (local, at, days) => {
      const first = Math.floor(local.wallTime(at) / DAY_MS) * DAY_MS;
      const current = { from: local.instant(first), to: local.instant(first + days * DAY_MS) };
      fc.pre(current.from < current.to);
      const previous = previousRange(local, current);
      expect(previous.to).toBe(current.from);
      // A zone that skipped a whole day has one date more than it has days.
      const skipped = Math.abs(local.offset(previous.from) - local.offset(current.to)) > 12 * HOUR_MS;
      if (!skipped) expect(previous.from).toBe(local.instant(first - days * DAY_MS));
    }),
    { numRuns: 300 },
  );
});
