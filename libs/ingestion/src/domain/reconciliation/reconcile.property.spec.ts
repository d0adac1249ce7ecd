import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareCounts, type Comparison } from './compare-counts.js';
import { reconcile, type CountPair } from './reconcile.js';

const count = fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 1_000_000 }));
const pair: fc.Arbitrary<CountPair> = fc.record({
  subjectId: fc.constantFrom('a', 'b', 'c', 'd'),
  day: fc.constantFrom('2026-10-12', '2026-10-13', '2026-10-14'),
  ours: count,
  theirs: count,
});
const pairs = fc.uniqueArray(pair, { selector: ({ subjectId, day }) => `${day} ${subjectId}` });

const sum = (parts: readonly Comparison[], side: 'ours' | 'theirs' | 'difference') =>
  parts.reduce((total, part) => total + part[side], 0);

describe('a reconciliation', () => {
  test('adds up: cells, subjects and days each come to the total', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        const { cells, subjects, days, total } = reconcile(given);
        expect(cells).toHaveLength(given.length);
        for (const parts of [cells, subjects, days]) {
          for (const side of ['ours', 'theirs', 'difference'] as const)
            expect(sum(parts, side)).toBe(total[side]);
        }
        for (const { subjectId, ours } of subjects)
          expect(ours).toBe(
            sum(
              cells.filter((cell) => cell.subjectId === subjectId),
              'ours',
            ),
          );
        for (const { day, theirs } of days)
          expect(theirs).toBe(
            sum(
              cells.filter((cell) => cell.day === day),
              'theirs',
            ),
          );
      }),
    );
  });

  test('does not depend on the order of the pairs', () => {
    fc.assert(
      fc.property(pairs, (given) => {
        expect(reconcile([...given].reverse())).toEqual(reconcile(given));
      }),
    );
  });
});

describe('the verdict', () => {
  test('changes exactly behind 5 % of theirs, on both sides', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4_000_000_000 }), (twentieth) => {
        const theirs = twentieth * 20;
        for (const sign of [1, -1]) {
          expect(compareCounts(theirs + sign * twentieth, theirs).verdict).toBe('expected');
          const beyond = theirs + sign * (twentieth + 1);
          if (beyond >= 0) expect(compareCounts(beyond, theirs).verdict).toBe('investigate');
        }
      }),
    );
  });

  test('of the same numbers any number of times over is the same', () => {
    fc.assert(
      fc.property(count, count, fc.integer({ min: 1, max: 50 }), (ours, theirs, times) => {
        expect(compareCounts(ours * times, theirs * times).verdict).toBe(compareCounts(ours, theirs).verdict);
      }),
    );
  });
});
