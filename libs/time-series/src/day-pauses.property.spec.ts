import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DayPauses } from './day-pauses.js';

/** How often each day is refreshed in ten minutes by one worker to whom all days are always due, in the order given. */
function work(tookMs: readonly number[], restFactor: number): { refreshed: number[]; spentMs: number[] } {
  const pauses = new DayPauses(restFactor);
  const [refreshed, spentMs] = [tookMs.map(() => 0), tookMs.map(() => 0)];
  for (let now = 0; now < 600_000; now += 1_000) {
    pauses.expire(now);
    for (const [day, took] of tookMs.entries()) {
      if (pauses.isPaused(`${day}`)) continue;
      refreshed[day]! += 1;
      spentMs[day]! += took;
      now += took;
      pauses.rest(`${day}`, now - took, now);
    }
  }
  return { refreshed, spentMs };
}

describe('a day whose refresh takes long', () => {
  test('takes no more of the time than its share, and stops no other', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2_000, max: 14_000 }),
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        (busyMs, restFactor, others) => {
          const { refreshed, spentMs } = work([busyMs, ...others], restFactor);
          expect(spentMs[0]).toBeLessThanOrEqual(600_000 / (1 + restFactor) + 2 * busyMs);
          // While it rests, the others are refreshed about once a second.
          for (const times of refreshed.slice(1))
            expect(times).toBeGreaterThan(refreshed[0]! * restFactor * 0.4);
        },
      ),
    );
  });

  test('comes again when it has rested', () => {
    expect(work([5_000], 4).refreshed[0]).toBeGreaterThanOrEqual(20);
  });

  test('does not keep another of short refreshes waiting for a rest of its own', () => {
    const pauses = new DayPauses(4);
    pauses.rest('short', 0, 999);
    expect(pauses.isPaused('short')).toBe(false);
  });
});
