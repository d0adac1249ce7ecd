import { describe, expect, test } from '@jest/globals';
import { DEFAULT_COUNTING_RULES as RULES } from './counting-rules.js';
import { threshold } from './threshold.js';

const sizes = (fileBytes: number | null, headerBytes: number | null, durationSeconds: number | null) => ({
  fileBytes,
  headerBytes,
  durationSeconds,
});

describe('bytes', () => {
  test.each([
    ['header and one minute of content', sizes(14_445_000, 45_000, 900), 1_005_000],
    ['rounded up', sizes(1_000_001, 0, 900), 66_667],
    ['no header', sizes(14_400_000, 0, 900), 960_000],
    ['shorter than a minute: the whole file', sizes(700_000, 20_000, 42), 700_000],
    ['exactly a minute: the whole file', sizes(700_000, 20_000, 60), 700_000],
    ['a little more than a minute', sizes(700_000, 20_000, 60.5), 694_381],
    ['unknown duration: the whole file', sizes(700_000, 20_000, null), 700_000],
    ['unknown header: the whole file', sizes(14_445_000, null, 900), 14_445_000],
    ['a header larger than its file: the whole file', sizes(700_000, 800_000, 900), 700_000],
    ['unknown file: nothing proves it', sizes(null, 20_000, 900), Infinity],
    ['an empty file: nothing proves it', sizes(0, 0, 900), Infinity],
  ])('%s', (_, episode, bytes) => {
    expect(threshold(episode, RULES).bytes).toBe(bytes);
  });

  test('without the header, when only content counts', () => {
    const rules = { ...RULES, header: 'content_only' as const };
    expect(threshold(sizes(14_445_000, 45_000, 900), rules)).toMatchObject({
      bytes: 960_000,
      countsFrom: 45_000,
    });
    for (const seconds of [42, 60])
      expect(threshold(sizes(700_000, 20_000, seconds), rules)).toMatchObject({
        bytes: 700_000,
        countsFrom: 0,
      });
  });

  test('without content, even when only content counts: the whole file', () => {
    const rules = { ...RULES, header: 'content_only' as const };
    expect(threshold(sizes(700_000, 700_000, 900), rules)).toMatchObject({ bytes: 700_000, countsFrom: 0 });
  });

  test('any byte, when the minute is not asked for', () => {
    const rules = { ...RULES, contentSeconds: null };
    expect(threshold(sizes(null, null, null), rules).bytes).toBe(1);
  });
});

test.each([
  [900, 60_000],
  [60, 60_000],
  [42.5, 42_500],
  [null, 60_000],
])('HLS of %p seconds needs %d ms of segments', (duration, segmentMs) => {
  expect(threshold(sizes(null, null, duration), RULES).segmentMs).toBe(segmentMs);
});
