import { describe, expect, test } from '@jest/globals';
import { affordableAlternative, localBuckets, type Interval } from './local-buckets.js';
import { LocalZone } from '@lib/primitives';

const HOUR = 3_600_000;

/** Buckets between two local dates, as labels and lengths in hours. */
function cut(zoneName: string, interval: Interval, fromDate: string, toDate: string) {
  const zone = new LocalZone(zoneName);
  const from = zone.instant(Date.parse(`${fromDate}T00:00:00Z`));
  const to = zone.instant(Date.parse(`${toDate}T00:00:00Z`));
  const starts = localBuckets(zone, interval, from, to, 1000);
  return {
    labels: starts.map((start) => zone.label(start)),
    hours: starts.map((start, index) => ((starts[index + 1] ?? to) - start) / HOUR),
    utc: starts.map((start) => new Date(start).toISOString()),
  };
}

describe('days', () => {
  test('the day on which Berlin puts its clocks forward has 23 hours', () => {
    expect(cut('Europe/Berlin', 'day', '2026-03-28', '2026-03-31')).toEqual({
      labels: ['2026-03-28T00:00:00+01:00', '2026-03-29T00:00:00+01:00', '2026-03-30T00:00:00+02:00'],
      hours: [24, 23, 24],
      utc: ['2026-03-27T23:00:00.000Z', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    });
  });

  test('the day on which Berlin puts its clocks back has 25 hours', () => {
    expect(cut('Europe/Berlin', 'day', '2026-10-24', '2026-10-27').hours).toEqual([24, 25, 24]);
  });

  test('Kolkata is half an hour off the full hour', () => {
    const days = cut('Asia/Kolkata', 'day', '2026-03-28', '2026-03-30');
    expect(days.utc).toEqual(['2026-03-27T18:30:00.000Z', '2026-03-28T18:30:00.000Z']);
    expect(days.labels[0]).toBe('2026-03-28T00:00:00+05:30');
  });

  test('Kiritimati is 14 hours ahead, so its day begins on the UTC day before', () => {
    expect(cut('Pacific/Kiritimati', 'day', '2026-01-01', '2026-01-02').utc).toEqual([
      '2025-12-31T10:00:00.000Z',
    ]);
  });

  test('Lord Howe moves its clock by half an hour: 24.5 and 23.5 hours', () => {
    expect(cut('Australia/Lord_Howe', 'day', '2026-04-04', '2026-04-07').hours).toEqual([24, 24.5, 24]);
    expect(cut('Australia/Lord_Howe', 'day', '2026-10-03', '2026-10-06').hours).toEqual([24, 23.5, 24]);
  });

  test('where midnight is skipped, the day begins when the clock is put forward', () => {
    expect(cut('America/Sao_Paulo', 'day', '2018-11-03', '2018-11-06')).toMatchObject({
      labels: ['2018-11-03T00:00:00-03:00', '2018-11-04T01:00:00-02:00', '2018-11-05T00:00:00-02:00'],
      hours: [24, 23, 24],
    });
  });

  test('a day that a zone skipped has no bucket', () => {
    expect(cut('Pacific/Apia', 'day', '2011-12-29', '2012-01-01').labels).toEqual([
      '2011-12-29T00:00:00-10:00',
      '2011-12-31T00:00:00+14:00',
    ]);
  });

  test('a clock put back across midnight opens no second day', () => {
    expect(cut('America/St_Johns', 'day', '2010-11-06', '2010-11-09')).toMatchObject({
      labels: ['2010-11-06T00:00:00-02:30', '2010-11-07T00:00:00-02:30', '2010-11-08T00:00:00-03:30'],
      hours: [24, 25, 24],
    });
  });
});

describe('hours', () => {
  test('both hours of a repeated one are buckets, told apart by their offset', () => {
    const { labels, hours } = cut('Europe/Berlin', 'hour', '2026-10-25', '2026-10-26');
    expect(labels.slice(1, 5)).toEqual([
      '2026-10-25T01:00:00+02:00',
      '2026-10-25T02:00:00+02:00',
      '2026-10-25T02:00:00+01:00',
      '2026-10-25T03:00:00+01:00',
    ]);
    expect(hours).toEqual(new Array<number>(25).fill(1));
  });

  test('a skipped hour is no bucket', () => {
    const { labels } = cut('Europe/Berlin', 'hour', '2026-03-29', '2026-03-30');
    expect(labels).toHaveLength(23);
    expect(labels[2]).toBe('2026-03-29T03:00:00+02:00');
  });

  test('an hour in which Lord Howe moves its clock is 90 minutes long', () => {
    expect(cut('Australia/Lord_Howe', 'hour', '2026-04-05', '2026-04-06').hours.slice(0, 4)).toEqual([
      1, 1.5, 1, 1,
    ]);
    expect(cut('Australia/Lord_Howe', 'hour', '2026-10-04', '2026-10-05').hours.slice(0, 4)).toEqual([
      1, 1.5, 1, 1,
    ]);
  });

  test('hours of Kolkata begin at half past in UTC', () => {
    expect(cut('Asia/Kolkata', 'hour', '2026-03-28', '2026-03-29').utc[1]).toBe('2026-03-27T19:30:00.000Z');
  });
});

describe('weeks and months', () => {
  test('weeks begin on Monday', () => {
    expect(cut('Europe/Berlin', 'week', '2026-03-18', '2026-04-01').labels).toEqual([
      '2026-03-18T00:00:00+01:00',
      '2026-03-23T00:00:00+01:00',
      '2026-03-30T00:00:00+02:00',
    ]);
  });

  test('the week of the change is an hour shorter', () => {
    expect(cut('Europe/Berlin', 'week', '2026-03-23', '2026-04-06').hours).toEqual([167, 168]);
  });

  test('months have their own lengths, leap days included', () => {
    expect(cut('UTC', 'month', '2028-01-01', '2028-05-01').hours.map((hours) => hours / 24)).toEqual([
      31, 29, 31, 30,
    ]);
    expect(cut('Europe/Berlin', 'month', '2026-03-01', '2026-04-01').hours).toEqual([31 * 24 - 1]);
  });

  test('a range that begins inside a period begins with a shorter bucket', () => {
    expect(cut('UTC', 'month', '2026-01-15', '2026-03-01').labels).toEqual([
      '2026-01-15T00:00:00+00:00',
      '2026-02-01T00:00:00+00:00',
    ]);
  });
});

test('no more buckets are made than asked for', () => {
  expect(localBuckets(new LocalZone('UTC'), 'hour', 0, 10_000 * HOUR, 801)).toHaveLength(801);
});

test('the alternative to too many buckets is affordable itself', () => {
  expect(affordableAlternative('hour', 90 * 24 * HOUR, 800)).toBe(
    'ask for interval=day or for a range of at most 33 days with interval=hour',
  );
  expect(affordableAlternative('day', 3653 * 24 * HOUR, 800)).toBe(
    'ask for interval=week or for a range of at most 798 days with interval=day',
  );
});
