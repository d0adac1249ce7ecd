import { describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import { SeededRandom } from '@lib/testing';
import fc from 'fast-check';
import { daysAfter, daysBefore, judgeable } from './days-to-compare.js';
import { judgeLevel, type Judgement } from './judge-level.js';
import { likelyReasons, type DayFacts } from './likely-reasons.js';

const baseline = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 4, maxLength: 8 });

describe('a judgement', () => {
  test('does not depend on the order of the weeks, and grows with the number', () => {
    fc.assert(
      fc.property(baseline, fc.nat(200_000), fc.integer({ min: 1, max: 1000 }), (weeks, actual, more) => {
        const judged = judgeLevel(actual, weeks)!;
        expect(judgeLevel(actual, [...weeks].reverse())).toEqual(judged);
        expect(judgeLevel(actual + more, weeks)!.z).toBeGreaterThan(judged.z);
        expect(Math.sign(judged.z)).toBe(Math.sign(actual - judged.expected));
        if (judged.direction !== undefined)
          expect(judged.direction).toBe(actual > judged.expected ? 'above' : 'below');
      }),
    );
  });

  test('of what is usual, of little and of too few weeks is no anomaly', () => {
    fc.assert(
      fc.property(baseline, (weeks) => {
        const { expected } = judgeLevel(0, weeks)!;
        expect(judgeLevel(Math.round(expected), weeks)!.direction).toBeUndefined();
        const few = weeks.map((value) => value % 30);
        expect(judgeLevel(29, few)!.direction).toBeUndefined();
        expect(judgeLevel(1_000_000, weeks.slice(0, 3))).toBeUndefined();
      }),
    );
  });

  test.each([
    ['four deviations above', 149, [100, 100, 100, 100, 100, 100, 100, 100], 'above'],
    ['a little less', 147, [100, 100, 100, 100, 100, 100, 100, 100], undefined],
    ['four deviations below', 51, [100, 100, 100, 100, 100, 100, 100, 100], 'below'],
    ['one wild week among quiet ones', 1000, [100, 100, 5000, 100, 100, 100], 'above'],
    ['much where weeks differ much', 500, [100, 400, 200, 300, 100, 400], undefined],
    ['nothing where weeks differ much, but always had something', 0, [100, 400, 200, 300, 100, 400], 'below'],
    ['nothing where some weeks had nothing', 0, [100, 400, 200, 0, 100, 400], undefined],
  ])('of %s', (_, actual, weeks, direction) => {
    expect(judgeLevel(actual, weeks)?.direction).toBe(direction);
  });
});

test('a day is judged by whole hours, and for good 12 hours after its end', () => {
  expect(judgeable(0, HOUR_MS - 1)).toBeUndefined();
  expect(judgeable(0, -DAY_MS)).toBeUndefined();
  expect(judgeable(0, 5.5 * HOUR_MS)).toEqual({ hours: 5, final: false });
  expect(judgeable(0, 36 * HOUR_MS - 1)).toEqual({ hours: 24, final: false });
  expect(judgeable(0, 36 * HOUR_MS)).toEqual({ hours: 24, final: true });
});

test('a day compares itself with those that it is compared with', () => {
  const day = 100 * DAY_MS;
  for (const later of daysAfter(day)) expect(daysBefore(later)).toContain(day);
  expect(daysBefore(day)).toHaveLength(8);
});

/** A clean show: a weekly rhythm, episodes that decay, slow growth and noise of 12 % beside that of counting. */
function cleanShow(random: SeededRandom, days: number): number[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const level = 50 * 10 ** (random.next() * 2);
  const rhythm = Array.from({ length: 7 }, () => 0.6 + random.next());
  const release = random.integer(0, 6);
  const growth = 1 + (random.next() - 0.5) * 0.004;
  return Array.from({ length: days }, (_, day) => {
    const decay = 1 + 4 * 0.45 ** ((day + 7 - release) % 7);
    const mean = level * rhythm[day % 7]! * decay * growth ** day * Math.exp(0.12 * normal());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
  });
}

describe('of generated shows', () => {
  const judgeLast = (days: readonly number[], actual = days.at(-1)!) =>
    judgeLevel(
      actual,
      Array.from({ length: 8 }, (_, n) => days[days.length - 1 - 7 * (n + 1)]!),
    )!;

  test('fewer than 1 % of clean days raise an alarm', () => {
    const random = new SeededRandom(5, 'clean days');
    const alarms = Array.from({ length: 2_000 }, () => judgeLast(cleanShow(random, 63))).filter(
      ({ direction }) => direction !== undefined,
    );
    expect(alarms.length / 2_000).toBeLessThan(0.01);
  });

  test('at least 95 % of days with three times as much, and of days with a tenth, are found', () => {
    const random = new SeededRandom(6, 'planted days');
    const shows = Array.from({ length: 400 }, () => cleanShow(random, 63));
    const found = (factor: number) =>
      shows.filter((days) => judgeLast(days, Math.round(days.at(-1)! * factor)).direction !== undefined)
        .length / 400;
    expect(found(3)).toBeGreaterThanOrEqual(0.95);
    expect(found(0.1)).toBeGreaterThanOrEqual(0.95);
  });
});

describe('the likely reason', () => {
  const above: Judgement = { expected: 100, actual: 300, z: 10, direction: 'above' };
  const below: Judgement = { expected: 100, actual: 0, z: -8, direction: 'below' };
  const NOTHING: DayFacts = {
    feedChanges: [],
    recountId: null,
    otherLevel: undefined,
    imported: { day: true, weekBefore: 7 },
    apps: [],
    networks: [],
    published: { actual: 1, before: [1, 1, 1, 1] },
  };
  const app = (source: string, actual: number, ...before: number[]) => ({ source, actual, before });
  const usual = [app('Overcast', 60, 55, 65, 60), app('Podcasts', 40, 40, 45, 40)];

  test.each<[string, Judgement, Partial<DayFacts>, string[]]>([
    ['nothing known', above, {}, ['unknown']],
    [
      'a new app that makes the excess',
      above,
      { apps: [...usual, app('Fetcher', 200, 0, 0, 0)] },
      ['new_bot'],
    ],
    ['an app that grew tenfold', above, { apps: [...usual, app('Fetcher', 220, 20, 22, 18)] }, ['new_bot']],
    [
      'the largest app, with all others',
      above,
      { apps: [app('Overcast', 240, 80, 80, 80), app('P', 60, 20, 20, 20)] },
      ['unknown'],
    ],
    [
      'a new app that makes a third of it',
      above,
      { apps: [...usual, app('Fetcher', 70, 0, 0, 0)] },
      ['unknown'],
    ],
    [
      'one network',
      above,
      { networks: [app('64500', 210, 2, 3, 2), app('64501', 90, 90, 95, 92)] },
      ['new_bot'],
    ],
    ['networks of which no other day is known', above, { networks: [app('64500', 300)] }, ['unknown']],
    ['more episodes than usual', above, { published: { actual: 2, before: [1, 1, 1, 1] } }, ['new_release']],
    [
      'no episode where there is one',
      below,
      { published: { actual: 0, before: [1, 1, 0, 1] } },
      ['no_release'],
    ],
    [
      'no episode, but more downloads',
      above,
      { published: { actual: 0, before: [1, 1, 1, 1] } },
      ['unknown'],
    ],
    [
      'the other level goes on',
      below,
      { otherLevel: { expected: 200, actual: 190, z: 0, direction: undefined } },
      ['missing_log_file'],
    ],
    [
      'the other level fell too',
      below,
      { otherLevel: { expected: 200, actual: 10, z: -9, direction: 'below' } },
      ['unknown'],
    ],
    ['the day was not imported', below, { imported: { day: false, weekBefore: 6 } }, ['missing_log_file']],
    ['nothing was ever imported', below, { imported: { day: false, weekBefore: 0 } }, ['unknown']],
    ['half is left', { ...below, actual: 50 }, { imported: { day: false, weekBefore: 7 } }, ['unknown']],
    [
      'everything at once, the most telling first',
      above,
      {
        recountId: 'r',
        feedChanges: [{ kind: 'prefix_changed', happenedAt: '2026-03-01T00:00:00Z' }],
        apps: [...usual, app('Fetcher', 200, 0, 0, 0)],
        published: { actual: 2, before: [1] },
      },
      ['recount_applied', 'new_bot', 'feed_change', 'new_release'],
    ],
  ])('with %s', (_, judgement, facts, reasons) => {
    expect(likelyReasons(judgement, { ...NOTHING, ...facts }).map(({ reason }) => reason)).toEqual(reasons);
  });
});
