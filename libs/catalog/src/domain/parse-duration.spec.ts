import { expect, test } from '@jest/globals';
import { parseDuration } from './parse-duration.js';

test.each([
  ['1782', 1782],
  ['00:29:42', 1782],
  ['29:42', 1782],
  ['0:58', 58],
  ['1:00:05', 3605],
  ['90:15', 5415],
  [' 1782.6 ', 1783],
  ['PT29M42S', 1782],
  ['PT1H', 3600],
  ['604800', 604_800],
])('"%s" is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', '0', '00:00:00', '-5', '604801', '1782000', '29 min', '1:2:3:4', 'PT', 'NaN', '1e3', '١٢'])(
  '"%s" is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);
