import { expect, test } from '@jest/globals';
import { retryAfterSeconds } from './retry-after-seconds.js';

const NOW = new Date('2026-10-17T06:15:00Z');

test.each([
  ['120', 120],
  ['0', 0],
  ['Sat, 17 Oct 2026 06:16:00 GMT', 60],
  ['Sat, 17 Oct 2026 06:14:00 GMT', 0],
  ['9999999999', 604_800],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s asks for %s seconds', (header, seconds) => {
  expect(retryAfterSeconds(header, NOW)).toBe(seconds);
});
