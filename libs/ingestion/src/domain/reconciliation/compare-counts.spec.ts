import { describe, expect, test } from '@jest/globals';
import { compareCounts } from './compare-counts.js';

// PTMG v2.3 §5.6: ±5 % is normal between counters of the same rules. The border is inside, the base is theirs.
describe('two counts', () => {
  test.each([
    [100, 100, 0, 'expected'],
    [105, 100, 0.05, 'expected'],
    [95, 100, -0.05, 'expected'],
    [106, 100, 0.06, 'investigate'],
    [94, 100, -0.06, 'investigate'],
    [1050, 1000, 0.05, 'expected'],
    [1051, 1000, 0.051, 'investigate'],
    [949, 1000, -0.051, 'investigate'],
    // 0.05 × 60 is 3 exactly, and 3.0000000000000004 or less in floating point.
    [63, 60, 0.05, 'expected'],
    [57, 60, -0.05, 'expected'],
    [100_000_000_000_001, 100_000_000_000_000, 1e-14, 'expected'],
    // Below 20 the smallest difference there is exceeds 5 %.
    [20, 19, 1 / 19, 'investigate'],
    [0, 12, -1, 'investigate'],
  ])('ours %d, theirs %d: ratio %d, %s', (ours, theirs, ratio, verdict) => {
    const comparison = compareCounts(ours, theirs);
    expect(comparison).toMatchObject({ ours, theirs, difference: ours - theirs, verdict });
    expect(comparison.ratio).toBeCloseTo(ratio, 12);
  });

  test('have no ratio where theirs is 0', () => {
    expect(compareCounts(3, 0)).toMatchObject({ ratio: null, verdict: 'investigate' });
    expect(compareCounts(0, 0)).toMatchObject({ ratio: null, verdict: 'expected' });
  });
});
