import { describe, expect, test } from '@jest/globals';
import { parsePubDate } from './parse-pub-date.js';

describe('parsePubDate', () => {
  test.each([
    ['Sat, 17 Oct 2026 06:15:00 +0000', '2026-10-17T06:15:00.000Z'],
    ['17 Oct 26 06:15 GMT', '2026-10-17T06:15:00.000Z'],
    ['Sat Oct 17 06:20:00 2026', '2026-10-17T06:20:00.000Z'],
    ['Saturday, 17-Oct-26 06:15:00 GMT', '2026-10-17T06:15:00.000Z'],
    ['Sat,17 Oct 2026 06:15:00 GMT+0200', '2026-10-17T04:15:00.000Z'],
    ['Sat, 17 Oct 2026 06:15:00 -0000 (UTC)', '2026-10-17T06:15:00.000Z'],
    ['October 17, 2026', '2026-10-17T00:00:00.000Z'],
    ['29 Feb 2028', '2028-02-29T00:00:00.000Z'],
    ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00.000Z'],
    ['2026-10-17 06:15:00+05:45', '2026-10-17T00:30:00.000Z'],
    ['mar., 06 oct. 2026 10:00:00 -0400', '2026-10-06T14:00:00.000Z'],
    ['lun., 02 févr. 2026 10:00:00 +0100', '2026-02-02T09:00:00.000Z'],
    ['Mi, 04 März 2026 10:00:00 +0100', '2026-03-04T09:00:00.000Z'],
    ['sex, 01 de maio de 2026 10:00:00 GMT', '2026-05-01T10:00:00.000Z'],
    ['01 ene 2026', '2026-01-01T00:00:00.000Z'],
    ['12 Jan 1945', '1945-01-12T00:00:00.000Z'],
  ])('reads %s', (text, instant) => {
    expect(parsePubDate(text)?.instant.toISOString()).toBe(instant);
  });

  test.each([
    '', 'last Saturday', '07/08/2026 06:15', '07.08.2026', '30 Feb 2026', '32 Jan 2026', '17 Oct', '2026-13-01',
    '2026-10-17T25:00:00Z', 'Sat, 17 Oct 2026 06:15:00 IST', 'Sat, 17 Oct 2026 06:15:00 +1900', '1790000000',
    'Sat, 17 Oct 2026 6:15 PM', '17 Oct 2026 18 Nov 2026', '17 Oct 1066',
  ])('does not guess what %j means', (text) => {
    expect(parsePubDate(text)).toBeNull();
  }); // prettier-ignore

  test('is done with long nonsense at once', () => {
    expect(parsePubDate('('.repeat(1_000_000))).toBeNull();
    expect(parsePubDate('1 '.repeat(1_000_000))).toBeNull();
  });

  test('says when no zone was named', () => {
    expect(parsePubDate('17 Oct 2026 06:15:00')).toEqual({
      instant: new Date('2026-10-17T06:15:00Z'),
      zoneAssumed: true,
    });
    expect(parsePubDate('2026-10-17')?.zoneAssumed).toBe(false);
  });
});
