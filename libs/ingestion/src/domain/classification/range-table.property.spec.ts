import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextAddress } from './address-key.js';
import { type AddressRange, RangeTable } from './range-table.js';

const BITS = 128n;
const END = (1n << BITS) - 1n;

function key(address: bigint): string {
  const units = Array.from({ length: 8 }, (_, at) => Number((address >> BigInt(16 * (7 - at))) & 0xffffn));
  return String.fromCharCode(...units);
}

/** Few bits at both ends of the number, so that blocks nest, touch and repeat. */
const block = fc
  .tuple(fc.nat(15), fc.nat(15), fc.constantFrom(0n, 1n, 2n, 4n, 60n, 64n, 66n, 124n, 126n, 128n))
  .map(([high, low, prefix]): AddressRange => {
    const size = 1n << (BITS - prefix);
    const address = (BigInt(high) << 124n) | BigInt(low);
    const first = address - (address % size);
    return { first: key(first), last: key(first + size - 1n) };
  });
const address = fc
  .tuple(fc.nat(15), fc.nat(17), fc.boolean())
  .map(([high, low, fromEnd]) => key((BigInt(high) << 124n) | (fromEnd ? END >> 4n : BigInt(low))));

/** Asks every block. Of blocks around one address the narrower begins later or ends earlier. */
function around(ranges: readonly AddressRange[], value: string): number[] {
  const lies = (inner: AddressRange, outer: AddressRange) =>
    outer.first <= inner.first && inner.last <= outer.last;
  return ranges
    .map((range, index) => ({ range, index }))
    .filter(({ range }) => range.first <= value && value <= range.last)
    .sort((a, b) => (lies(a.range, b.range) ? (lies(b.range, a.range) ? b.index - a.index : -1) : 1))
    .map(({ index }) => index);
}

describe('a table of blocks', () => {
  test('finds what asking every block finds, the narrowest first', () => {
    fc.assert(
      fc.property(
        fc.array(block, { maxLength: 30 }),
        fc.array(address, { maxLength: 20 }),
        (ranges, values) => {
          const table = new RangeTable(ranges);
          const borders = ranges.flatMap(({ first, last }) => [first, last, nextAddress(last) ?? last]);
          for (const value of [...values, ...borders, key(0n), key(END)]) {
            const found: number[] = [];
            for (let at = table.find(value); at !== undefined; at = table.widerThan(at)) found.push(at);
            expect(found).toEqual(around(ranges, value));
          }
        },
      ),
    );
  });

  test('that is empty finds nothing', () => {
    expect(new RangeTable([]).find(key(0n))).toBeUndefined();
  });
});

test('the next address is the number plus one, and none follows the last', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.bigInt(0n, END - 1n),
        fc.nat(127).map((bits) => (1n << BigInt(bits)) - 1n),
      ),
      (number) => {
        expect(nextAddress(key(number))).toBe(key(number + 1n));
      },
    ),
  );
  expect(nextAddress(key(END))).toBeUndefined();
});
