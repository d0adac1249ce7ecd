import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutPieces } from './cut-pieces.js';
import { exportProgress } from './export-progress.js';

const FROM = new Date('2026-03-01T00:00:00Z');
const TO = new Date('2026-03-11T00:00:00Z');

test.each([
  ['queued', null, 0],
  ['running', ['2026-03-01 00:00:00+00', 'x'], 0],
  ['running', ['2026-03-06 00:00:00+00', 'x'], 0.5],
  ['running', ['2026-03-06 05:30:00.123456+05:30', 'x'], 0.5],
  ['running', ['2026-03-03', 'x'], 0.2],
  ['running', ['2026-03-11 00:00:00+00', 'x'], 0.999],
  ['running', ['0b9c5f1e-7a41-4c53-9f0e-2d6a8b3c4d5e'], 0],
  ['done', ['2026-03-06 00:00:00+00', 'x'], 1],
  ['expired', null, 1],
])('a %s export at %j is at %d', (state, position, progress) => {
  expect(exportProgress({ state, from: FROM, to: TO, position })).toBeCloseTo(progress, 3);
});

test('without a time nothing is known before the end', () => {
  expect(exportProgress({ state: 'running', from: null, to: null, position: ['x'] })).toBe(0);
  expect(exportProgress({ state: 'done', from: null, to: null, position: null })).toBe(1);
});

test('pieces are the bytes, none too large and none empty', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 50 }), fc.integer({ min: 1, max: 20 }), (bytes, size) => {
      const pieces = cutPieces(bytes, size);
      expect(Buffer.concat(pieces)).toEqual(Buffer.from(bytes));
      for (const piece of pieces) {
        expect(piece.length).toBeGreaterThan(0);
        expect(piece.length).toBeLessThanOrEqual(size);
      }
    }),
  );
});
