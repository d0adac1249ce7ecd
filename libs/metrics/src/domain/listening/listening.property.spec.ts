import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareWindow } from './compare-window.js';
import { PLAYER_TYPES, type PlayerEvent } from './heard-stretch.js';
import { addStretch, BIN_MS, heardWithin } from './position-bins.js';
import { readSession } from './read-session.js';
import { completionOf, deepestDrops, retentionCurve } from './retention-curve.js';

/** Close together in time and place, so that stretches, jumps, ties and long gaps all come about. */
const event: fc.Arbitrary<PlayerEvent> = fc.record({
  id: fc.uuid(),
  type: fc.constantFrom(...PLAYER_TYPES),
  at: fc.integer({ min: 0, max: 900 }).map((second) => second * 1000),
  positionMs: fc.option(fc.integer({ min: 0, max: 900_000 }), { freq: 8 }),
});
/** Half at a listener's pace, so that much is heard. */
const events = fc
  .tuple(fc.array(event, { maxLength: 20 }), fc.boolean())
  .map(([all, atPace]) => (atPace ? all.map((one) => ({ ...one, positionMs: one.at })) : all));
/** Events, and the same in another order with the first five twice. */
const withArrivals = events.chain((all) => {
  const repeated = [...all, ...all.slice(0, 5)];
  return fc.tuple(fc.constant(all), fc.shuffledSubarray(repeated, { minLength: repeated.length }));
});
const bins = fc
  .array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 50_000 })), { maxLength: 30 })
  .map((pairs) => new Map(pairs));

describe('a session', () => {
  test('says the same in whatever order its events arrive, and however often', () => {
    fc.assert(
      fc.property(withArrivals, ([all, arrived]) => {
        expect(readSession(arrived)).toEqual(readSession(all));
      }),
    );
  });

  test('hears no more than 3.5 times the time that passed, each stretch forward and dated by an event', () => {
    fc.assert(
      fc.property(events, (all) => {
        const { heard, starts } = readSession(all);
        const times = all.map(({ at }) => at);
        const passedMs = all.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
        const heardMs = heard.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
        expect(heardMs).toBeLessThanOrEqual(3.5 * passedMs);
        for (const { fromMs, toMs, at } of heard) {
          expect(fromMs).toBeLessThan(toMs);
          expect(times).toContain(at);
        }
        expect(starts.length).toBeLessThanOrEqual(all.filter(({ type }) => type === 'play').length);
      }),
    );
  });

  test('is cut anywhere without losing anything but what ends right after the cut', () => {
    fc.assert(
      fc.property(events, fc.integer({ min: 0, max: 900_000 }), (all, cut) => {
        const lookBack = all.filter(({ at }) => at >= cut - 300_000);
        const after = ({ at }: { at: number }) => at >= cut;
        expect(readSession(lookBack).heard.filter(after)).toEqual(readSession(all).heard.filter(after));
        expect(readSession(lookBack).starts.filter(after)).toEqual(readSession(all).starts.filter(after));
      }),
    );
  });
});

describe('bins', () => {
  test('hold every millisecond of a stretch once', () => {
    fc.assert(
      fc.property(fc.nat(200_000), fc.integer({ min: 1, max: 100_000 }), (fromMs, lengthMs) => {
        const filled = new Map<number, number>();
        addStretch(filled, { fromMs, toMs: fromMs + lengthMs });
        expect([...filled.values()].reduce((sum, ms) => sum + ms, 0)).toBe(lengthMs);
        for (const [bin, ms] of filled) {
          expect(ms).toBeLessThanOrEqual(BIN_MS);
          expect((bin + 1) * BIN_MS).toBeGreaterThan(fromMs);
          expect(bin * BIN_MS).toBeLessThan(fromMs + lengthMs);
        }
      }),
    );
  });
});

describe('a curve', () => {
  const starts = fc.nat(20);
  const duration = fc.option(fc.integer({ min: 1, max: 500_000 }));

  test('covers the episode without gaps, holds all that was heard, and never says NaN', () => {
    fc.assert(
      fc.property(bins, starts, duration, (heard, count, durationMs) => {
        const curve = retentionCurve(heard, count, durationMs);
        curve.forEach(({ startMs, endMs, share }, index) => {
          expect(startMs).toBe(index * BIN_MS);
          expect(endMs).toBeGreaterThan(startMs);
          expect(share === null || Number.isFinite(share)).toBe(true);
        });
        expect(curve.at(-1)?.endMs ?? 0).toBeGreaterThanOrEqual(durationMs ?? 0);
        const heardMs = [...heard.values()].reduce((sum, ms) => sum + ms, 0);
        expect(curve.reduce((sum, point) => sum + point.heardMs, 0)).toBe(heardMs);
        const { averageHeardMs, averageCompletion, halfHeardToMs } = completionOf(curve, count, durationMs);
        expect(averageHeardMs).toBe(count === 0 ? null : heardMs / count);
        expect(averageCompletion === null).toBe(count === 0 || durationMs === null);
        expect(halfHeardToMs === null).toBe(count === 0);
        const falls = deepestDrops(curve, 100).map(({ fall }) => fall);
        expect(falls).toEqual([...falls].sort((a, b) => b - a));
        expect(falls.every((fall) => fall > 0)).toBe(true);
      }),
    );
  });

  test('around a window accounts for who did not hear it, and never says NaN', () => {
    fc.assert(
      fc.property(
        bins,
        starts,
        fc.nat(400_000),
        fc.integer({ min: 1, max: 90_000 }),
        (heard, count, at, ms) => {
          const end = retentionCurve(heard, count, null).at(-1)?.endMs ?? 0;
          const window = compareWindow({ startMs: at, endMs: at + ms }, heard, count, end);
          expect(window.heardMs).toBeCloseTo(heardWithin(heard, { fromMs: at, toMs: at + ms }), 6);
          const shares = [window.unheardShare, window.skippedShare, window.leftShare];
          for (const value of shares)
            expect(value === null || (Number.isFinite(value) && value >= 0)).toBe(true);
          const { share, shareBefore, shareAfter, unheardShare, skippedShare, leftShare } = window;
          if (count === 0 || shareBefore === 0) expect(unheardShare).toBeNull();
          if (unheardShare === null || skippedShare === null || leftShare === null) return;
          const isFalling = share! <= shareAfter! && shareAfter! <= shareBefore!;
          if (isFalling) expect(skippedShare + leftShare).toBeCloseTo(unheardShare, 9);
        },
      ),
    );
  });
});
