import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { idBits, IdCounts } from './id-counts.js';

const ids = fc.array(fc.uuid(), { minLength: 1, maxLength: 50 });

test('counts as a map of ids does', () => {
  fc.assert(
    fc.property(ids, fc.array(fc.nat(), { maxLength: 200 }), (known, asked) => {
      const counts = new IdCounts(known.length);
      const expected = new Map<string, number>();
      for (const index of asked) {
        const id = known[index % known.length]!;
        const before = expected.get(id);
        expect(counts.countAgain(idBits(id))).toBe(before === undefined ? undefined : before + 1);
        if (before === undefined) counts.add(idBits(id));
        expected.set(id, (before ?? 0) + 1);
        expect(counts.size).toBe(expected.size);
      }
    }),
  );
});

test('ids that would have the same place are told apart', () => {
  const counts = new IdCounts(4);
  const all = [0, 8, 16, 24].map((head) => ({ head, tail: 1 }));
  for (const id of all) counts.add(id);
  expect(counts.size).toBe(4);
  expect(all.map((id) => counts.countAgain(id))).toEqual([2, 2, 2, 2]);
  expect(counts.countAgain({ head: 0, tail: 2 })).toBeUndefined();
});

test('takes the ends of a UUID', () => {
  const bits = idBits('ffffffff-0000-5000-8000-000080000001');
  expect(bits).toEqual({ head: 0xff_ff_ff_ff, tail: 0x80_00_00_01 });
});
