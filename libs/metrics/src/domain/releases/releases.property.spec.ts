import { describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { SeededRandom } from '@lib/testing';
import fc from 'fast-check';
import { benchmarkRelease, type Release } from './benchmark-release.js';
import { cumulativeCurve } from './cumulative-curve.js';
import { forecastRelease, type PastRelease } from './forecast-release.js';
import { percentileAmong } from './percentile-among.js';
import { quantileOf } from './quantile-of.js';
import { HORIZONS, MOST_PEERS } from './release-age.js';
import { usualCurve } from './usual-curve.js';

const count = fc.integer({ min: 0, max: 1_000_000 });
const counts = fc.array(count, { minLength: 1, maxLength: 60 });

describe('a quantile', () => {
  test('is within the values, grows with p and halves them at the median', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const quantile = quantileOf(values, p);
        expect(quantile).toBeGreaterThanOrEqual(Math.min(...values));
        expect(quantile).toBeLessThanOrEqual(Math.max(...values));
        expect(quantileOf(values, Math.min(p + 0.1, 1))).toBeGreaterThanOrEqual(quantile);
        const median = quantileOf(values, 0.5);
        expect(values.filter((value) => value < median).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > median).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  test('of nine values leaves one of them out on either side at a tenth', () => {
    const nine = [9, 1, 8, 2, 7, 3, 6, 4, 5];
    expect([0.1, 0.25, 0.5, 0.9].map((p) => quantileOf(nine, p))).toEqual([1, 2.5, 5, 9]);
  });
});

test('a percentile counts lower values, and half of equal ones', () => {
  expect(percentileAmong(5, [1, 5, 9, 5])).toBe(0.5);
  expect(percentileAmong(9, [1, 5, 5, 5])).toBe(1);
  expect(percentileAmong(1, [])).toBeNull();
  fc.assert(
    fc.property(counts, (values) => {
      const sum = values.reduce((total, value) => total + (percentileAmong(value, values) ?? 0), 0);
      expect(sum / values.length).toBeCloseTo(0.5);
    }),
  );
});

test('a benchmark is what a count by hand over the earlier episodes says', () => {
  const release = fc.record({
    start: fc.integer({ min: 0, max: 150 }).map((days) => days * DAY_MS),
    totals: fc.tuple(count, count, count, count, count),
  });
  fc.assert(
    fc.property(fc.array(release, { minLength: 1, maxLength: 120 }), (some) => {
      const history: Release[] = some.map((each, n) => ({ id: String(n), ...each }));
      const now = 160 * DAY_MS;
      const own = history[0]!;
      benchmarkRelease(own, history, now).forEach((benchmark, place) => {
        const days = HORIZONS[place]!;
        const peers = history
          .filter(({ start }) => start < own.start && now - start >= days * DAY_MS)
          .sort((a, b) => b.start - a.start || a.id.localeCompare(b.id))
          .slice(0, MOST_PEERS)
          .map(({ totals }) => totals[place]!);
        const passed = now - own.start >= days * DAY_MS;
        expect(benchmark.downloads).toBe(passed ? own.totals[place] : null);
        expect(benchmark.comparedWith).toBe(peers.length);
        expect(benchmark.percentile).toBe(passed ? percentileAmong(own.totals[place]!, peers) : null);
        expect(benchmark.median).toBe(peers.length === 0 ? null : quantileOf(peers, 0.5));
      });
    }),
  );
});

test('a cumulative curve ends with everything that lies within it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(400), count)), fc.nat(366), (cells, days) => {
      const curve = cumulativeCurve(
        cells.map(([age]) => age),
        cells.map(([, downloads]) => downloads),
        days,
      );
      expect(curve).toHaveLength(days);
      const within = cells.filter(([age]) => age < days).reduce((sum, [, downloads]) => sum + downloads, 0);
      expect(curve.at(-1) ?? 0).toBe(within);
      expect([...curve].sort((a, b) => a - b)).toEqual(curve);
    }),
  );
});

test('a usual curve counts at every age the episodes that have reached it', () => {
  expect(usualCurve([[1, 5], [3], [2, 9, 9]])).toEqual([
    { days: 1, episodes: 3, lowerQuartile: 1, median: 2, upperQuartile: 3 },
    { days: 2, episodes: 2, lowerQuartile: 5, median: 7, upperQuartile: 9 },
    { days: 3, episodes: 1, lowerQuartile: 9, median: 9, upperQuartile: 9 },
  ]);
});

describe('a forecast', () => {
  const past = fc
    .record({
      total: fc.integer({ min: 10, max: 100_000 }),
      part: fc.double({ min: 0.2, max: 1, noNaN: true }),
    })
    .map(({ total, part }): PastRelease => ({ total, reached: Math.max(1, Math.floor(total * part)) }));
  const enough = fc.array(past, { minLength: 9, maxLength: 50 });
  const age = fc.integer({ min: 24 * HOUR_MS, max: 90 * DAY_MS });
  const soFar = fc.integer({ min: 10, max: 1_000_000 });

  test('lies in its interval, which begins at what there is already', () => {
    fc.assert(
      fc.property(enough, age, soFar, (peers, ageMs, downloads) => {
        const forecast = forecastRelease({ ageMs, soFar: downloads }, peers);
        if (forecast.status !== 'forecast') throw new Error('nothing is missing');
        const { expected, lower, upper } = forecast.downloads;
        expect(lower).toBeGreaterThanOrEqual(downloads);
        expect(expected).toBeGreaterThanOrEqual(lower);
        expect(upper).toBeGreaterThanOrEqual(expected);
      }),
    );
  });

  test('does not depend on the order or the size of the earlier episodes', () => {
    fc.assert(
      fc.property(enough, age, soFar, fc.integer({ min: 2, max: 9 }), (peers, ageMs, downloads, factor) => {
        const larger = [...peers]
          .reverse()
          .map(({ reached, total }) => ({ reached: reached * factor, total: total * factor }));
        const release = { ageMs, soFar: downloads };
        expect(forecastRelease(release, larger)).toEqual(forecastRelease(release, peers));
      }),
    );
  });

  test('is never a number where something is missing, and says what', () => {
    const few = fc.array(past, { maxLength: 8 });
    const missing = (forecast: ReturnType<typeof forecastRelease>) =>
      forecast.status === 'not_enough_data' ? forecast.missing.map(({ what }) => what) : [];
    fc.assert(
      fc.property(
        few,
        enough,
        age,
        soFar,
        fc.nat(24 * HOUR_MS - 1),
        fc.nat(9),
        (some, peers, ageMs, downloads, young, low) => {
          expect(missing(forecastRelease({ ageMs, soFar: downloads }, some))).toEqual(['completed_episodes']);
          expect(missing(forecastRelease({ ageMs: null, soFar: 0 }, some))).toEqual(['completed_episodes']);
          expect(missing(forecastRelease({ ageMs: young, soFar: downloads }, peers))).toEqual(['age_hours']);
          expect(missing(forecastRelease({ ageMs, soFar: low }, peers))).toEqual(['downloads']);
          const without = peers.map(({ total }) => ({ total, reached: 0 }));
          expect(missing(forecastRelease({ ageMs, soFar: downloads }, without))).toEqual(['reached_share']);
        },
      ),
    );
  });

  test('before publication is the distribution of totals', () => {
    const peers = [900, 100, 200, 300, 400, 500, 600, 700, 800].map((total) => ({ total, reached: 0 }));
    expect(forecastRelease({ ageMs: null, soFar: 0 }, peers)).toEqual({
      status: 'forecast',
      downloads: { expected: 500, lower: 100, upper: 900 },
      reachedShare: null,
      episodes: 9,
    });
  });
});

describe('a backtest on generated shows', () => {
  /**
   * A show's episodes by day: a common decay, which every episode follows more or less steeply, and totals that differ
   * from each other as those of real shows do. Counts are whole, with the noise of chance.
   */
  function generateShow(random: SeededRandom, episodes: number): number[][] {
    const steepness = 0.5 + random.next() * 0.8;
    const half = 1 + random.next() * 6;
    const usual = 300 * 10 ** (random.next() * 2);
    return Array.from({ length: episodes }, () => {
      const [own, total] = [
        steepness * Math.exp(0.12 * normal(random)),
        usual * Math.exp(0.35 * normal(random)),
      ];
      const reached = (days: number) => 1 - (1 + days / half) ** -own;
      const daily = Array.from(
        { length: 90 },
        (_, day) => (total * (reached(day + 1) - reached(day))) / reached(90),
      );
      return daily.map((mean) => Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random))));
    });
  }
  const normal = (random: SeededRandom) =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const within = (daily: readonly number[], days: number) =>
    daily.slice(0, days).reduce((sum, downloads) => sum + downloads, 0);

  test('of 100 shows holds 70 to 95 % of the truths in its interval, and is mostly near', () => {
    const random = new SeededRandom(20_261, 'forecast');
    const results = new Map<string, { held: number; all: number; errors: number[] }>();
    for (let show = 0; show < 100; show += 1) {
      const [own = [], ...earlier] = generateShow(random, random.integer(10, 40));
      for (const days of [7, 30, 90])
        for (const age of [1, 3, 14].filter((each) => each < days)) {
          const peers = earlier.map((daily) => ({ reached: within(daily, age), total: within(daily, days) }));
          const forecast = forecastRelease({ ageMs: age * DAY_MS, soFar: within(own, age) }, peers);
          if (forecast.status !== 'forecast') continue;
          const truth = within(own, days);
          const result = results.get(`${age} of ${days}`) ?? { held: 0, all: 0, errors: [] };
          results.set(`${age} of ${days}`, result);
          result.all += 1;
          if (forecast.downloads.lower <= truth && truth <= forecast.downloads.upper) result.held += 1;
          result.errors.push(Math.abs(forecast.downloads.expected - truth) / truth);
        }
    }
    expect([...results.keys()]).toHaveLength(8);
    for (const { held, all, errors } of results.values()) {
      expect(all).toBeGreaterThan(90);
      expect(held / all).toBeGreaterThanOrEqual(0.7);
      expect(held / all).toBeLessThanOrEqual(0.95);
      expect(quantileOf(errors, 0.5)).toBeLessThan(0.1);
    }
  });
});
