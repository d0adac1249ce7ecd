import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addedBytes, type ByteRange, clipRanges, unionBytes, uniteRanges } from './byte-union.js';

const FILE = 200;
const range = fc
  .tuple(fc.nat(FILE), fc.nat(FILE))
  .map(([a, b]): ByteRange => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const ranges = fc.array(range, { maxLength: 12 });

/** The union the slow way: one byte after another. */
const bytesIn = (all: readonly ByteRange[]): number =>
  Array.from({ length: FILE }, (_, byte) => all.some(({ from, to }) => from <= byte && byte < to)).filter(
    Boolean,
  ).length;

describe('a union', () => {
  test('holds each byte once, and never more than the file', () => {
    fc.assert(fc.property(ranges, (all) => expect(unionBytes(all)).toBe(bytesIn(all))));
  });
  test('has one spelling: sorted, apart, the same in any order and when united again', () => {
    fc.assert(
      fc.property(ranges, ranges, (some, others) => {
        const united = uniteRanges([...some, ...others]);
        expect(uniteRanges([...others].reverse().concat(some))).toEqual(united);
        expect(uniteRanges([...uniteRanges(some), ...uniteRanges(others)])).toEqual(united);
        united.forEach(({ from, to }, index) => {
          expect(from).toBeLessThan(to);
          expect(from).toBeGreaterThan(united[index - 1]?.to ?? -1);
        });
      }),
    );
  });
  test('is clipped byte by byte', () => {
    fc.assert(
      fc.property(ranges, range, (all, { from, to }) => {
        const outside = [
          { from: 0, to: from },
          { from: to, to: FILE },
        ];
        expect(unionBytes(clipRanges(all, from, to)) + bytesIn(outside)).toBe(bytesIn([...all, ...outside]));
      }),
    );
  });
});

describe('what pieces add', () => {
  test('is the growth of the union', () => {
    fc.assert(
      fc.property(fc.array(ranges, { maxLength: 8 }), (pieces) => {
        const added = addedBytes(pieces);
        expect(added).toHaveLength(pieces.length);
        added.reduce((sum, bytes, index) => {
          expect(sum + bytes).toBe(bytesIn(pieces.slice(0, index + 1).flat()));
          return sum + bytes;
        }, 0);
      }),
    );
  });
  test('takes a file in 200,000 pieces, backwards and with overlaps, in little time', () => {
    const pieces = Array.from({ length: 200_000 }, (_, index) => [
      { from: 200_000 - index, to: 200_000 - index + 500 },
    ]);
    const started = performance.now();
    const added = addedBytes(pieces);
    expect(added.slice(0, 3)).toEqual([500, 1, 1]);
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});
