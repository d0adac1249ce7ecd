import { describe, expect, test } from '@jest/globals';
import { compareWindow } from './compare-window.js';
import { learnWindows } from './learn-windows.js';
import { readWindow } from './read-window.js';
import { completionOf, deepestDrops, retentionCurve } from './retention-curve.js';

/** Bins that so many of ten listeners heard to the end. */
const heardBy = (...listeners: number[]) => new Map(listeners.map((count, bin) => [bin, count * 10_000]));

describe('a curve of ten listeners', () => {
  const curve = retentionCurve(heardBy(10, 8, 8, 4), 10, 45_000);

  test('says the share of each 10 seconds; the last are as short as the episode', () => {
    expect(curve.map(({ share }) => share)).toEqual([1, 0.8, 0.8, 0.4, 0]);
    expect(curve.at(-1)).toEqual({ startMs: 40_000, endMs: 45_000, heardMs: 0, share: 0 });
  });

  test('falls deepest where most leave', () => {
    expect(deepestDrops(curve, 2)).toEqual([
      { startMs: 30_000, shareBefore: 0.8, share: 0.4, fall: 0.4 },
      { startMs: 40_000, shareBefore: 0.4, share: 0, fall: 0.4 },
    ]);
  });

  test('says how far they get', () => {
    expect(completionOf(curve, 10, 45_000)).toEqual({
      averageHeardMs: 30_000,
      averageCompletion: 30 / 45,
      halfHeardToMs: 30_000,
      halfCompletion: 30 / 45,
    });
    expect(completionOf(retentionCurve(heardBy(4), 10, null), 10, null)).toEqual({
      averageHeardMs: 4_000,
      averageCompletion: null,
      halfHeardToMs: 0,
      halfCompletion: null,
    });
  });

  test('goes on where more is heard than the episode is said to be long', () => {
    expect(retentionCurve(heardBy(10, 10), 10, 15_000).at(-1)).toMatchObject({ endMs: 20_000, share: 1 });
    expect(retentionCurve(heardBy(10, 5), 10, 15_000).at(-1)).toMatchObject({ endMs: 15_000, share: 1 });
    expect(retentionCurve(heardBy(10, 10, 5), 10, 15_000).at(-1)).toMatchObject({
      endMs: 30_000,
      share: 0.5,
    });
  });
});

describe('a window', () => {
  test('tells those who jump over it from those who leave', () => {
    // Of eight before it, five hear it; seven listen on.
    const heard = heardBy(8, 8, 8, 5, 5, 5, 7, 7, 7);
    const window = compareWindow({ startMs: 30_000, endMs: 60_000 }, heard, 10, 90_000);
    expect(window).toMatchObject({ heardMs: 150_000, share: 0.5, shareBefore: 0.8, shareAfter: 0.7 });
    expect(window.unheardShare).toBeCloseTo(3 / 8, 12);
    expect(window.skippedShare).toBeCloseTo(2 / 8, 12);
    expect(window.leftShare).toBeCloseTo(1 / 8, 12);
  });

  test('at the begin or the end of an episode has nothing to compare with there', () => {
    const heard = heardBy(8, 8, 8);
    expect(compareWindow({ startMs: 0, endMs: 10_000 }, heard, 10, 30_000)).toMatchObject({
      share: 0.8,
      shareBefore: null,
      unheardShare: null,
      skippedShare: null,
      leftShare: null,
    });
    expect(compareWindow({ startMs: 20_000, endMs: 30_000 }, heard, 10, 30_000)).toMatchObject({
      shareAfter: null,
      unheardShare: 0,
      skippedShare: null,
      leftShare: null,
    });
  });

  test('that cuts bins takes its part of them', () => {
    const window = compareWindow({ startMs: 15_000, endMs: 25_000 }, heardBy(10, 10, 0), 10, 30_000);
    expect(window).toMatchObject({ heardMs: 50_000, share: 0.5, shareBefore: 1 });
  });

  test('is read from two positions', () => {
    expect(readWindow('600000-630000')).toEqual({ startMs: 600_000, endMs: 630_000 });
    for (const text of ['', '5', '5-5', '9-5', '0-86400001', '-1-5', '1.5-9', '0-1-2'])
      expect(() => readWindow(text)).toThrow('A window must be two positions');
  });
});

test('windows are learnt from where most ads began, in the order of the episode', () => {
  const [a, b] = ['a', 'b'];
  const ads = [
    { placementId: a, bin: 60, ads: 5 },
    { placementId: b, bin: 0, ads: 3 },
    { placementId: b, bin: 90, ads: 1 },
  ];
  expect(learnWindows(ads, 2)).toEqual([
    { placementId: b, ads: 3, startMs: 0, endMs: 30_000 },
    { placementId: a, ads: 5, startMs: 600_000, endMs: 630_000 },
  ]);
});
