import { expect, test } from '@jest/globals';
import type { ByteRange } from './byte-union.js';
import { servedRanges } from './served-ranges.js';

const FILE = 10_000;
const range = (from: number, to: number): ByteRange => ({ from, to });
const answer = (
  status: number,
  bytesServed: number | null,
  rangeAsked: string | null,
  rangeServed: ByteRange | null = null,
) => ({
  status,
  bytesServed,
  rangeAsked,
  rangeServed,
});

test.each([
  ['a whole file', answer(200, FILE, null), [range(0, FILE)]],
  ['a file cut by the client', answer(200, 700, null), [range(0, 700)]],
  ['a 200 that ignores the range asked', answer(200, FILE, 'bytes=9000-'), [range(0, FILE)]],
  ['more than the file has', answer(200, FILE + 5, null), [range(0, FILE)]],
  ['nothing', answer(206, 0, 'bytes=0-99'), []],
  ['an unknown number of bytes', answer(206, null, 'bytes=0-99'), []],
  ['a piece', answer(206, 100, 'bytes=300-399'), [range(300, 400)]],
  ['a piece cut by the client', answer(206, 50, 'bytes=300-399'), [range(300, 350)]],
  ['never more than was asked', answer(206, 500, 'bytes=300-399'), [range(300, 400)]],
  ['an open piece', answer(206, 9_700, 'bytes=300-'), [range(300, FILE)]],
  ['the end of the file', answer(206, 128, 'bytes=-128'), [range(FILE - 128, FILE)]],
  ['a suffix longer than the file', answer(206, FILE, 'bytes=-99999'), [range(0, FILE)]],
  ['a piece past the end', answer(206, 100, 'bytes=10000-'), []],
  ['Content-Range rather than Range', answer(206, 100, 'bytes=0-', range(200, 400)), [range(200, 300)]],
  ['000 like a cut 206', answer(0, 50, 'bytes=300-399'), [range(300, 350)]],
  ['a piece without a place', answer(206, 100, null), [range(0, 100)]],
  ['a piece with a malformed range', answer(206, 100, 'bytes=9-5'), [range(0, 100)]],
  ['two parts, whole', answer(206, 2_404, 'bytes=0-999,5000-5999'), [range(0, 1_000), range(5_000, 6_000)]],
  [
    'two parts, cut in the second',
    answer(206, 1_500, 'bytes=0-999,5000-5999'),
    [range(0, 1_000), range(5_000, 5_100)],
  ],
  ['two parts, cut in the first', answer(206, 300, 'bytes=0-999,5000-5999'), [range(0, 100)]],
  ['a list of which one part exists', answer(206, 1_000, 'bytes=0-999,20000-'), [range(0, 1_000)]],
])('%s', (_, response, served) => {
  expect(servedRanges(response, FILE)).toEqual(served);
});

test('without the size of the file a suffix has no place', () => {
  expect(servedRanges(answer(206, 128, 'bytes=-128'), null)).toEqual([range(0, 128)]);
  expect(servedRanges(answer(206, 700, 'bytes=300-'), null)).toEqual([range(300, 1_000)]);
});
