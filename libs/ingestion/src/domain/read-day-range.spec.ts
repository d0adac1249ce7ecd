import { describe, expect, test } from '@jest/globals';
import { readDayRange } from './read-day-range.js';

describe('a range of days', () => {
  test('includes both of its ends', () => {
    const { first, last } = readDayRange({ firstDay: '2028-02-28', lastDay: '2028-02-29' }, 2);
    expect([first, last]).toEqual([new Date('2028-02-28T00:00Z'), new Date('2028-02-29T00:00Z')]);
    expect(readDayRange({ firstDay: '2026-10-12', lastDay: '2026-10-12' }, 1).first).toEqual(
      new Date('2026-10-12T00:00Z'),
    );
  });

  test.each([
    ['firstDay', '2026-02-30', '2026-03-01'],
    ['lastDay', '2026-02-27', '2026-02-29'],
    ['lastDay', '2026-10-12', '2026-13-01'],
    ['lastDay', '2026-10-12', '2026-10-11'],
    ['lastDay', '2026-10-12', '2026-10-14'],
  ])('%s is named where %s to %s is none', (field, firstDay, lastDay) => {
    expect(() => readDayRange({ firstDay, lastDay }, 2)).toThrow(
      expect.objectContaining({ code: 'invalid_range', status: 400, extra: { field } }),
    );
  });
});
