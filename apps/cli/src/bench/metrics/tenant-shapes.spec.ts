import { describe, expect, it } from '@jest/globals';
import { distinctAskings } from './distinct-askings.js';
import { percentiles } from './percentiles.js';
import { smallMedianLarge, tenantByShare, tenantShapes } from './tenant-shapes.js';

describe('sizes of tenants', () => {
  const shapes = tenantShapes(1_000);

  it('add up to the whole, the largest having an eighth and the middle one a 4,000th', () => {
    expect(shapes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(shapes[0]?.share).toBeCloseTo(1 / 7.5, 2);
    expect(1 / (shapes[499]?.share ?? 0)).toBeCloseTo(3_743, 0);
    expect(shapes.map(({ podcasts }) => podcasts).at(-1)).toBe(1);
  });

  it('choose tenants as often as their shares say', () => {
    const [first, second] = shapes;
    expect(tenantByShare(shapes, 0).number).toBe(1);
    expect(tenantByShare(shapes, (first?.share ?? 0) + (second?.share ?? 0) / 2).number).toBe(2);
    expect(tenantByShare(shapes, 0.999_999_999).number).toBe(1_000);
  });

  it('have a smallest, a middle and a largest one', () => {
    expect(smallMedianLarge([1, 2, 3, 4, 5]).map(({ tenant }) => tenant)).toEqual([5, 3, 1]);
  });
});

describe('questions to ask', () => {
  it('are all different, and no more than there are', () => {
    const pairs = distinctAskings(5, 4, 100);
    expect(new Set(pairs.map(String)).size).toBe(pairs.length);
    expect(pairs.length).toBeLessThanOrEqual(20);
    expect(pairs.every(([tenant, shift]) => tenant >= 0 && tenant < 5 && shift >= 0 && shift < 4)).toBe(true);
  });

  it('are of the largest tenants as often as of the smallest', () => {
    const tenants = distinctAskings(1_000, 1_000_000, 3_000).map(([tenant]) => tenant);
    const share = (from: number, to: number) =>
      tenants.filter((tenant) => tenant >= from && tenant < to).length / tenants.length;
    expect(share(0, 10)).toBeCloseTo(1 / 3, 1);
    expect(share(100, 1_000)).toBeCloseTo(1 / 3, 1);
  });
});

describe('percentiles', () => {
  it('are values that a share of all does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
    expect(percentiles([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
    expect(() => percentiles([])).toThrow(RangeError);
  });
});
