import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextCheckSeconds } from './next-check-seconds.js';

const DAY = 24 * 3600;
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const interval = fc.integer({ min: 60, max: DAY });

describe('when a feed is polled next', () => {
  test('after the interval, ten per cent more or less', () => {
    expect(nextCheckSeconds({ intervalSeconds: 900, failures: 0 }, 0)).toBe(810);
    expect(nextCheckSeconds({ intervalSeconds: 900, failures: 0 }, 0.5)).toBe(900);
    expect(nextCheckSeconds({ intervalSeconds: 900, failures: 0 }, 0.999_999)).toBe(990);
  });

  test('twice as late after every failure in a row, up to a day', () => {
    const waits = [1, 2, 3, 6, 7, 8, 50].map((failures) =>
      nextCheckSeconds({ intervalSeconds: 900, failures }, 0),
    );
    expect(waits).toEqual([1800, 3600, 7200, 57_600, DAY, DAY, DAY]);
  });

  test('not before Retry-After, and not because of it any earlier', () => {
    const wait = (retryAfterSeconds: number, failures: number) =>
      nextCheckSeconds({ intervalSeconds: 900, failures, retryAfterSeconds }, 0);
    expect(wait(7 * DAY, 1)).toBe(7 * DAY);
    expect(wait(1, 1)).toBe(1800);
  });

  test('after failures never sooner than the interval, never later than a day, and never all at once', () => {
    fc.assert(
      fc.property(interval, fc.integer({ min: 1, max: 2000 }), random, (intervalSeconds, failures, at) => {
        const wait = nextCheckSeconds({ intervalSeconds, failures }, at);
        expect(wait).toBeGreaterThanOrEqual(intervalSeconds);
        expect(wait).toBeLessThanOrEqual(DAY);
      }),
    );
    const spread = new Set(
      [0, 0.3, 0.6, 0.9].map((at) => nextCheckSeconds({ intervalSeconds: 900, failures: 9 }, at)),
    );
    expect(spread.size).toBe(4);
  });
});
