import { describe, expect, test } from '@jest/globals';
import { HOUR_MS } from '@lib/primitives';
import type { Grain } from '../grain-stretch.js';
import { ALL_KEPT } from './kept-rollups.js';
import { requireKept } from './require-kept.js';

const FROM = Date.UTC(2026, 2, 1);

describe('rollups that are gone', () => {
  test.each<[Grain, string]>([
    [
      'hour',
      'Counts by hour before 2026-03-01T01:00:00.000Z are no longer kept: ask from then on, or ask for whole UTC days, with timeZone=UTC.',
    ],
    ['month', 'Counts by month before 2026-03-01T01:00:00.000Z are no longer kept: ask from then on.'],
  ])('are refused with what is left to ask for: %s', (grain, detail) => {
    const stretch = { grain, from: FROM, to: FROM + HOUR_MS };
    const refused = () => requireKept([stretch], { ...ALL_KEPT, [grain]: FROM + HOUR_MS });
    expect(refused).toThrow(expect.objectContaining({ code: `before_${grain}_horizon`, message: detail }));
  });
});
