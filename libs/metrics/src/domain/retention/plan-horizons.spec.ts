import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '@lib/primitives';
import fc from 'fast-check';
import { ALL_KEPT } from './kept-rollups.js';
import { planHorizons, type StoredRollups } from './plan-horizons.js';

const NOW = Date.parse('2026-06-15T13:00Z');
const ago = (days: number) => NOW - days * DAY_MS;
const DAYS = { slice: 100, hour: 200, day: 300, month: 400 };
const long = ago(1_000);
const STORED: StoredRollups = {
  kept: ALL_KEPT,
  frozenUntil: ago(50),
  oldestMark: null,
  oldest: { slice: long, hour: long, day: long, month: long },
};
const plan = (stored: Partial<StoredRollups>) => {
  const { slice, hour, day, month } = planHorizons({ ...STORED, ...stored }, DAYS, NOW);
  return [slice, hour, day, month].map((at) => at && new Date(at).toISOString().slice(0, 16));
};

describe('horizons of rollups', () => {
  it('begin at midnight, those of days and months with a month', () => {
    expect(plan({})).toEqual([
      '2026-03-07T00:00',
      '2025-11-27T00:00',
      '2025-08-01T00:00',
      '2025-05-01T00:00',
    ]);
  });

  it('stay before what is not frozen, and before the oldest mark', () => {
    expect(plan({ frozenUntil: null })).toEqual([null, null, null, null]);
    expect(plan({ frozenUntil: Date.parse('2025-12-03') }).slice(0, 2)).toEqual([
      '2025-12-03T00:00',
      '2025-11-27T00:00',
    ]);
    expect(plan({ oldestMark: Date.parse('2025-12-03T04:05Z') }).slice(0, 3)).toEqual([
      '2025-12-03T00:00',
      '2025-11-27T00:00',
      '2025-08-01T00:00',
    ]);
  });

  it('move only where rows are, and never back', () => {
    expect(plan({ oldest: { slice: ago(99), hour: null, day: long, month: null } })).toEqual([
      null,
      null,
      '2025-08-01T00:00',
      null,
    ]);
    const kept = { ...ALL_KEPT, slice: ago(10), quartersUntil: 5 };
    expect(planHorizons({ ...STORED, kept }, DAYS, NOW)).toMatchObject({ slice: ago(10), quartersUntil: 5 });
  });

  it('never let a grain outlast the coarser one, whatever is asked for', () => {
    const some = fc.integer({ min: 1, max: 800 });
    fc.assert(
      fc.property(fc.record({ slice: some, hour: some, day: some, month: some }), some, (days, frozen) => {
        const frozenUntil = ago(frozen);
        const { slice, hour, day, month } = planHorizons({ ...STORED, frozenUntil }, days, NOW);
        const instants = [month, day, hour, slice, frozenUntil].map((at) => at ?? -Infinity);
        expect(instants).toEqual([...instants].sort((a, b) => a - b));
      }),
    );
  });
});
