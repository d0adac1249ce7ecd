import { expect, test } from '@jest/globals';
import { parseByteRange } from './parse-byte-range.js';

test.each([
  ['bytes=0-1', [{ from: 0, to: 2 }]],
  ['bytes=0-0', [{ from: 0, to: 1 }]],
  ['bytes=500-', [{ from: 500, to: Infinity }]],
  ['bytes=-128', [{ lastBytes: 128 }]],
  ['BYTES=5-9', [{ from: 5, to: 10 }]],
  [
    'bytes=0-599999, 500000-1110761',
    [
      { from: 0, to: 600_000 },
      { from: 500_000, to: 1_110_762 },
    ],
  ],
  ['bytes=\t0-1 ,, -5\t,7-', [{ from: 0, to: 2 }, { lastBytes: 5 }, { from: 7, to: Infinity }]],
])('%j is read', (header, parts) => {
  expect(parseByteRange(header)).toEqual(parts);
});

test.each([
  null,
  '',
  '-',
  'bytes',
  'bytes=',
  'bytes=,',
  'bytes=-',
  'bytes=-0',
  'bytes=9-5',
  'bytes=0-5,9-7',
  'bytes=0-5,-0',
  'bytes=a-b',
  'bytes=0x1-5',
  'bytes=1.5-3',
  'bytes=+1-5',
  'bytes=0 - 5',
  'bytes =0-5',
  'bytes: 0-5',
  'bytes=0-5-9',
  'bytes=\u00a00-5',
  'bytes=٠-٥',
  'items=0-5',
  '0-5',
])('%j says nothing', (header) => {
  expect(parseByteRange(header)).toBeUndefined();
});
