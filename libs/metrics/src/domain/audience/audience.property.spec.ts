import { describe, expect, test } from '@jest/globals';
import { audiencePeriod, DAY_MS, HOUR_MS } from '@lib/primitives';
import fc from 'fast-check';
import type { CountedRange } from '../read-range.js';
import { audienceParts, rangesBefore, splitAtUtcDays, type AudienceKeys } from './audience-parts.js';
import { boundAudience, estimateAudience, exactAudience, shareBelow } from './estimate-audience.js';
import { newListeners } from './new-listeners.js';
import { overlapOf } from './overlap-of-shows.js';

const START = Date.parse('2026-01-01T00:00:00Z');
const instants = fc.integer({ min: 0, max: 400 * 24 * 12 }).map((slices) => START + slices * 300_000);
const ranges = fc
  .tuple(instants, instants)
  .filter(([a, b]) => a !== b)
  .map(([a, b]): CountedRange => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const days = fc.integer({ min: 0, max: 400 });
const imports = fc.array(
  fc.tuple(days, fc.integer({ min: 1, max: 30 })).map(([day, length]): CountedRange => ({
    from: START + day * DAY_MS,
    to: START + (day + length) * DAY_MS,
  })),
  { maxLength: 4 },
);
const periods = fc.integer({ min: 2, max: 366 });
const length = (of: readonly CountedRange[]) => of.reduce((sum, { from, to }) => sum + to - from, 0);

/** Which keys a listener of a level is hashed with at an instant. */
function keyAt(at: number, series: 'a' | 'b', { periodDays, imports: all }: AudienceKeys): string {
  const holding = all.flatMap(({ from, to }, n) => (at >= from && at < to ? [n] : []));
  return [audiencePeriod(`audience_${series}`, new Date(at), periodDays).period, ...holding].join(' ');
}

describe('the parts of a range', () => {
  test('cover it without overlap, and each has one key', () => {
    fc.assert(
      fc.property(ranges, periods, imports, fc.nat(), (range, periodDays, all, seed) => {
        const keys = { periodDays, imports: all };
        const parts = audienceParts(range, keys, 'origin_bytes');
        const pieces = parts.flatMap((part) => part.ranges);
        expect(length(pieces)).toBe(range.to - range.from);
        const sorted = [...pieces].sort((a, b) => a.from - b.from);
        sorted.forEach(({ from }, n) => expect(from).toBe(sorted[n - 1]?.to ?? range.from));
        for (const part of parts)
          for (const { from, to } of part.ranges)
            for (const at of [from, from + (seed % (to - from)), to - 1])
              expect(keyAt(at, part.series, keys)).toBe(part.key);
        expect(new Set(parts.map(({ key }) => key)).size).toBe(parts.length);
      }),
    );
  });

  test('are one for every range of at most half a period, where nothing was imported', () => {
    fc.assert(
      fc.property(
        instants,
        periods,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (from, periodDays, share) => {
          const to = from + Math.max(1, Math.floor(share * Math.floor(periodDays / 2) * DAY_MS));
          const keys = { periodDays, imports: [] };
          expect(audienceParts({ from, to }, keys, 'origin_bytes')).toHaveLength(1);
        },
      ),
    );
  });

  test('of what a redirect saw do not depend on imports', () => {
    fc.assert(
      fc.property(ranges, periods, imports, (range, periodDays, all) => {
        expect(audienceParts(range, { periodDays, imports: all }, 'prefix_only')).toEqual(
          audienceParts(range, { periodDays, imports: [] }, 'prefix_only'),
        );
      }),
    );
  });

  test('before a range go on with its key, as far back as that reaches', () => {
    fc.assert(
      fc.property(instants, periods, imports, (at, periodDays, all) => {
        const from = Math.floor(at / HOUR_MS) * HOUR_MS;
        const keys = { periodDays, imports: all };
        const [part] = audienceParts({ from, to: from + 300_000 }, keys, 'origin_bytes');
        const before = rangesBefore(part!, from, keys, 'origin_bytes');
        let earlier = 0;
        for (let at = part!.periodFrom; at < from; at += HOUR_MS)
          if (keyAt(at, part!.series, keys) === part!.key) earlier += HOUR_MS;
        expect(length(before)).toBe(earlier);
        for (const each of before) expect(each.to).toBeLessThanOrEqual(from);
      }),
      { numRuns: 20 },
    );
  });
});

test('a range is cut at UTC midnights only', () => {
  fc.assert(
    fc.property(ranges, (range) => {
      const { days: whole, edges } = splitAtUtcDays(range);
      expect(length([...whole, ...edges])).toBe(range.to - range.from);
      for (const { from, to } of whole) expect([from % DAY_MS, to % DAY_MS]).toEqual([0, 0]);
      for (const { from, to } of edges) expect(to - from).toBeLessThan(2 * DAY_MS);
      if (range.to - range.from >= 2 * DAY_MS) expect(whole).toHaveLength(1);
    }),
  );
  const at = (hour: number) => START + hour * HOUR_MS;
  expect(splitAtUtcDays({ from: at(22), to: at(50) })).toEqual({
    days: [{ from: at(24), to: at(48) }],
    edges: [
      { from: at(22), to: at(24) },
      { from: at(48), to: at(50) },
    ],
  });
  expect(splitAtUtcDays({ from: at(22), to: at(26) })).toEqual({
    days: [],
    edges: [{ from: at(22), to: at(26) }],
  });
});

describe('an estimate', () => {
  test('is the number of ids where all are known', () => {
    expect(estimateAudience({ kept: 7, share: shareBelow(null) })).toEqual(exactAudience(7));
  });

  test('of a sketch of 2,500 has a standard error of at most 2 %', () => {
    const { exact, standardError } = estimateAudience({ kept: 2_499, share: 0.19 });
    expect([exact, standardError]).toEqual([false, 0.9 / Math.sqrt(2_498)]);
    expect(estimateAudience({ kept: 2_499, share: 1e-9 }).standardError).toBeCloseTo(0.020_008, 6);
  });

  test('lies between its bounds, and both hold what was seen', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.double({ min: 1e-9, max: 0.999_999, noNaN: true }), (kept, share) => {
        const { listeners, lower, upper } = estimateAudience({ kept, share });
        expect(lower).toBeLessThanOrEqual(listeners!);
        expect(upper).toBeGreaterThanOrEqual(listeners!);
        expect(lower).toBeGreaterThanOrEqual(kept);
      }),
    );
  });

  test('of nobody seen still says how many there may be', () => {
    expect(estimateAudience({ kept: 0, share: 0.01 })).toMatchObject({ listeners: 0, lower: 0, upper: 381 });
  });

  test('covers the truth about 19 times in 20', () => {
    const hits = { few: 0, many: 0 };
    let state = 1;
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let n = 0; n < 1_000; n += 1)
      for (const [name, size, share] of [
        ['few', 60, 0.1],
        ['many', 900, 0.1],
      ] as const) {
        const kept = Array.from({ length: size }, random).filter((id) => id < share).length;
        const { lower, upper } = estimateAudience({ kept, share });
        if (lower <= size && size <= upper) hits[name] += 1;
      }
    expect(hits.few).toBeGreaterThan(920);
    expect(hits.few).toBeLessThan(985);
    expect(hits.many).toBeGreaterThan(930);
    expect(hits.many).toBeLessThan(970);
  });

  test('reads thresholds from one end of the type to the other', () => {
    expect(shareBelow('-9223372036854775808')).toBe(0);
    expect(shareBelow('0')).toBe(0.5);
    expect(shareBelow('9223372036854775807')).toBeCloseTo(1, 12);
  });
});

describe('bounds over several parts', () => {
  test('are the largest part and the sum of the parts', () => {
    expect(boundAudience([exactAudience(3), exactAudience(5), exactAudience(0)])).toEqual({
      listeners: null,
      exact: false,
      standardError: null,
      lower: 5,
      upper: 8,
    });
  });

  test('are no bounds where only one part has listeners, or none', () => {
    expect(boundAudience([exactAudience(0), exactAudience(5)])).toEqual(exactAudience(5));
    expect(boundAudience([])).toEqual(exactAudience(0));
  });
});

test('new listeners are those who are not returning, and as unsure as both numbers', () => {
  expect(newListeners(exactAudience(10), exactAudience(4))).toEqual(exactAudience(6));
  const estimated = estimateAudience({ kept: 2_499, share: 0.1 });
  const fresh = newListeners(estimated, estimateAudience({ kept: 1_000, share: 0.1 }));
  expect(fresh).toMatchObject({ listeners: 14_990, exact: false, standardError: null });
  expect(fresh.lower).toBeLessThan(14_990);
  expect(fresh.upper).toBeGreaterThan(14_990);
});

test('shares of an overlap never exceed the whole, and nothing is divided by nobody', () => {
  expect(overlapOf(exactAudience(4), exactAudience(2), exactAudience(1))).toEqual({
    shareOfFirst: 0.25,
    shareOfSecond: 0.5,
    jaccard: 0.2,
  });
  expect(overlapOf(exactAudience(0), exactAudience(0), exactAudience(0))).toEqual({
    shareOfFirst: null,
    shareOfSecond: null,
    jaccard: null,
  });
  expect(overlapOf(exactAudience(4), exactAudience(5), exactAudience(5)).shareOfFirst).toBe(1);
});
