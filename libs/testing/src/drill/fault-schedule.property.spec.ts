import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FAULT_KINDS, faultSchedule } from './fault-schedule.js';

const seeds = fc.integer({ min: 0, max: 999_999 });
const durations = fc.integer({ min: 0, max: 120_000 });

describe('a schedule of faults', () => {
  test('follows from its arguments alone, and differs between seeds', () => {
    fc.assert(
      fc.property(seeds, durations, fc.boolean(), (seed, durationMs, hasRedis) => {
        const schedule = faultSchedule(seed, durationMs, hasRedis);
        expect(faultSchedule(seed, durationMs, hasRedis)).toEqual(schedule);
        expect(faultSchedule(seed + 1, durationMs, hasRedis)).not.toEqual(schedule);
      }),
    );
  });

  test('has pauses of 0.3 to 3 seconds, and every kind of fault, however short it is', () => {
    fc.assert(
      fc.property(seeds, durations, (seed, durationMs) => {
        const schedule = faultSchedule(seed, durationMs, true);
        const pauses = schedule.map(({ atMs }, index) => atMs - (schedule[index - 1]?.atMs ?? 0));
        expect(Math.min(...pauses)).toBeGreaterThanOrEqual(300);
        expect(Math.max(...pauses)).toBeLessThanOrEqual(3_000);
        expect(new Set(schedule.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
        expect(schedule.length).toBeGreaterThanOrEqual(12);
      }),
    );
  });

  test('leaves Redis out where there is none', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(faultSchedule(seed, 60_000, false).some(({ kind }) => kind === 'kill redis')).toBe(false);
      }),
    );
  });
});
