import { expect, test } from '@jest/globals';
import { parseByteLength } from './parse-byte-length.js';

test.each([
  ['13400512', 13_400_512],
  ['13,400,512', 13_400_512],
  ['13.400.512', 13_400_512],
  ['13 400 512', 13_400_512],
  ['0', 0],
  ['999999999999999', 999_999_999_999_999],
])('"%s" is %d bytes', (text, bytes) => {
  expect(parseByteLength(text)).toBe(bytes);
});

test.each(['', '-1', '1.5', '12 MB', '1,34,00', '13,400.512', '1e9', '9999999999999999'])(
  '"%s" is no length',
  (text) => {
    expect(parseByteLength(text)).toBeNull();
  },
);
