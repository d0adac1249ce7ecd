import { expect, test } from '@jest/globals';
import { DomainError, LocalZone } from '@lib/primitives';
import { previousRange } from './previous-range.js';
import { readRange } from './read-range.js';

const berlin = new LocalZone('Europe/Berlin');
const read = (from: string, to: string, days = 31) => readRange(berlin, { from, to }, days, `${days} days`);
const iso = ({ from, to }: { from: number; to: number }) =>
  [from, to].map((instant) => new Date(instant).toISOString());

function refusal(from: string, to: string): string | undefined {
  try {
    read(from, to);
    return undefined;
  } catch (error) {
    return error instanceof DomainError ? `${error.code} ${error.extra.field}` : String(error);
  }
}

test('a date is the start of that local day', () => {
  expect(iso(read('2026-03-29', '2026-03-30'))).toEqual([
    '2026-03-28T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ]);
});

test('an instant carries its own offset', () => {
  expect(iso(read('2026-03-29T00:00:00+05:30', '2026-03-29T12:05Z'))).toEqual([
    '2026-03-28T18:30:00.000Z',
    '2026-03-29T12:05:00.000Z',
  ]);
});

test.each([
  ['2026-02-30', '2026-03-05', 'invalid_range from'],
  ['2026-02-30T00:00:00Z', '2026-03-05', 'invalid_range from'],
  ['2026-03-01T00:00:00', '2026-03-05', 'invalid_range from'],
  ['2026-03-01T00:00:00 01:00', '2026-03-05', 'invalid_range from'],
  ['2026-03-01', '2026-03-05T23:59:60Z', 'invalid_range to'],
  ['2026-03-01', 'yesterday', 'invalid_range to'],
  ['2026-03-05', '2026-03-05', 'invalid_range to'],
  ['1999-03-05', '2026-03-05', 'invalid_range from'],
  ['2026-03-01', '9999-12-31', 'invalid_range to'],
  ['2026-03-01T00:01:00Z', '2026-03-05', 'unaligned_range from'],
  ['2026-03-01', '2026-04-03', 'range_too_long to'],
])('%s to %s is refused as %s', (from, to, code) => {
  expect(refusal(from, to)).toBe(code);
});

test('31 days are 31 days also where one of them has 25 hours', () => {
  expect(refusal('2026-10-01', '2026-11-01')).toBeUndefined();
});

test('the period before seven local days is the seven local days before, whatever their hours', () => {
  expect(iso(previousRange(berlin, read('2026-03-30', '2026-04-06')))).toEqual([
    '2026-03-22T23:00:00.000Z',
    '2026-03-29T22:00:00.000Z',
  ]);
});

test('the period before a range within days is as long in elapsed time', () => {
  expect(iso(previousRange(berlin, read('2026-03-29T06:00Z', '2026-03-29T18:00Z')))).toEqual([
    '2026-03-28T18:00:00.000Z',
    '2026-03-29T06:00:00.000Z',
  ]);
});
