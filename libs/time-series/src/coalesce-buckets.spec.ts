import { describe, expect, it } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { coalesceBuckets } from './coalesce-buckets.js';

const at = (text: string) => new Date(`2026-03-${text}Z`);
const windows = (instants: string[], sizeMs = HOUR_MS, maxMs = 7 * DAY_MS) =>
  coalesceBuckets(instants.map(at), sizeMs, maxMs).map(({ from, to }) => [
    from.toISOString().slice(8, 13),
    to.toISOString().slice(8, 13),
  ]);

describe('windows of buckets', () => {
  it('cover them in whatever order they come, and what lies between', () => {
    expect(windows(['02T11:20', '02T10:59', '02T10:00', '02T14:00'])).toEqual([['02T10', '02T15']]);
    expect(windows([])).toEqual([]);
  });

  it('cover whole days', () => {
    expect(windows(['03T00:00', '02T23:59'], DAY_MS)).toEqual([['02T00', '04T00']]);
  });

  it('are never longer than allowed', () => {
    const hours = ['02T00:00', '02T01:00', '02T02:00', '02T03:00', '02T09:00'];
    expect(windows(hours, HOUR_MS, 2 * HOUR_MS)).toEqual([
      ['02T00', '02T02'],
      ['02T02', '02T04'],
      ['02T09', '02T10'],
    ]);
  });
});
