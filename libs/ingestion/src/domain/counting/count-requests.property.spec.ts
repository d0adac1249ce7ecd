import { describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@lib/primitives';
import fc from 'fast-check';
import type { Count } from './count.js';
import { countInEveryWindow, countRequests } from './count-requests.js';
import { type CountingRules, DOWNLOAD_WINDOWS } from './counting-rules.js';
import type { DownloadRequest, EpisodeSizes } from './download-request.js';
import { OUTCOMES } from './outcome.js';
import { utcDay } from './utc-day.js';
import { rekeyCarry, type WindowCarry } from './window-carry.js';

const MONDAY = Date.UTC(2026, 9, 12);
const DAYS = 4;
const UNTIL = MONDAY + DAYS * DAY_MS;
/** Small files, so that pieces meet; the second is shorter than a minute, the third unmeasured. */
const EPISODES = new Map<string, EpisodeSizes>([
  ['long', { fileBytes: 1_000, headerBytes: 100, durationSeconds: 120 }],
  ['short', { fileBytes: 300, headerBytes: 100, durationSeconds: 30 }],
  ['unmeasured', { fileBytes: null, headerBytes: null, durationSeconds: null }],
]);

/** Mostly hours and minutes, so that requests meet at one moment and on the borders of days and windows. */
const moment = fc
  .tuple(fc.nat(DAYS * 24 - 1), fc.constantFrom(0, 0, 1, MINUTE_MS, HOUR_MS - 1))
  .map(([hour, ms]) => MONDAY + hour * HOUR_MS + ms);
const position = fc.nat(1_100);
const rangeAsked = fc.oneof(
  fc.constantFrom(null, null, 'bytes=0-1', 'bytes=9-5', 'bytes=0-', 'bytes=-200'),
  fc.tuple(position, position).map(([first, more]) => `bytes=${first}-${first + more}`),
  fc
    .array(fc.tuple(position, position), { minLength: 2, maxLength: 4 })
    .map((parts) => `bytes=${parts.map(([first, more]) => `${first}-${first + more}`).join(', ')}`),
);
const rangeServed = fc.tuple(position, position).map(([from, length]) => ({ from, to: from + length + 1 }));
/** A value that passes most of the time, else one of those that do not. */
const mostly = <T>(good: T, ...others: T[]) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(good) },
    { weight: 1, arbitrary: fc.constantFrom(good, ...others) },
  );

const unnamed: fc.Arbitrary<Omit<DownloadRequest, 'id'>> = fc.record({
  occurredAtMs: moment,
  evidence: mostly<DownloadRequest['evidence']>('origin_bytes', 'prefix_only'),
  method: mostly('GET', 'HEAD'),
  status: fc.oneof({ weight: 3, arbitrary: fc.constant(206) }, fc.constantFrom(200, 0, 304)),
  bytesServed: fc.oneof({ weight: 9, arbitrary: fc.nat(1_200) }, fc.constant(null)),
  rangeAsked,
  rangeServed: fc.option(rangeServed, { freq: 4 }),
  hls: mostly<DownloadRequest['hls']>(
    null,
    { kind: 'playlist' },
    ...[0, 1, 2].map((n) => ({ kind: 'segment' as const, position: n, durationMs: 25_000 })),
  ),
  listener: mostly<string | null>('anna', 'ben', null),
  address: mostly<string | null>('home', 'office', null),
  episode: mostly<string | null>('long', 'short', 'unmeasured', null),
  agent: mostly<DownloadRequest['agent']>('app', 'unknown', 'bot_agent', 'apple_watch'),
  network: mostly<DownloadRequest['network']>('household', 'hosting', 'relay'),
  addressList: mostly<DownloadRequest['addressList']>(null, 'included', 'excluded'),
  badReferrer: mostly(false, true),
});
const name = (list: Omit<DownloadRequest, 'id'>[]): DownloadRequest[] =>
  list.map((request, index) => ({ id: `request ${index}`, ...request }));
const requests = fc.array(unnamed, { maxLength: 40 }).map(name);
const rules: fc.Arbitrary<CountingRules> = fc.record({
  window: fc.constantFrom(...DOWNLOAD_WINDOWS),
  contentSeconds: mostly<number | null>(60, 10, null),
  header: fc.constantFrom('required', 'content_only'),
  requestsPerAddressDay: fc.option(fc.integer({ min: 1, max: 20 })),
  breadth: fc.option(
    fc.record({ episodes: fc.integer({ min: 1, max: 2 }), minutes: fc.integer({ min: 1, max: 90 }) }),
  ),
  filteredNetworks: fc.constant(['hosting']),
});
/** Without the limits on volume, where a request more may lift others out. */
const withoutLimits = rules.map((some) => ({ ...some, requestsPerAddressDay: null, breadth: null }));

const input = (list: readonly DownloadRequest[], untilMs = UNTIL) => ({
  requests: list,
  episodes: EPISODES,
  untilMs,
});
/** Outcomes by request, so that those of two orders can be compared. */
const byRequest = (list: readonly DownloadRequest[], { outcomes }: Count) =>
  list.map(({ id }, index) => `${id} ${outcomes[index]}`).sort();

describe('counting', () => {
  test('gives each request one outcome, and each download one request that is counted', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const { outcomes, downloads } = countRequests(input(list), chosen);
        expect(outcomes).toHaveLength(list.length);
        const sum = OUTCOMES.reduce(
          (all, one) => all + outcomes.filter((outcome) => outcome === one).length,
          0,
        );
        expect(sum).toBe(list.length);
        const counted = list.filter((_, index) => outcomes[index] === 'counted').map(({ id }) => id);
        expect(downloads.map(({ settledBy }) => settledBy).sort()).toEqual(counted.sort());
        downloads.reduce((before, { occurredAtMs }) => {
          expect(occurredAtMs).toBeGreaterThanOrEqual(before);
          return occurredAtMs;
        }, -Infinity);
      }),
      { numRuns: 120 },
    );
  });

  test('does not depend on the order of requests, nor on how often each is delivered', () => {
    const delivered = requests.chain((list) =>
      fc
        .tuple(fc.subarray(list), fc.array(fc.nat(), { minLength: 80, maxLength: 80 }))
        .map(([again, order]) => {
          const all = [...list, ...again];
          const shuffled = all.map((request, index) => ({ request, at: order[index] ?? 0 }));
          return { list, all, shuffled: shuffled.sort((a, b) => a.at - b.at).map(({ request }) => request) };
        }),
    );
    fc.assert(
      fc.property(delivered, rules, ({ list, all, shuffled }, chosen) => {
        const count = countRequests(input(all), chosen);
        const other = countRequests(input(shuffled), chosen);
        expect(byRequest(shuffled, other)).toEqual(byRequest(all, count));
        expect({ ...other, outcomes: [] }).toEqual({ ...count, outcomes: [] });
        const once = countRequests(input(list), chosen);
        expect(count.outcomes.slice(0, list.length)).toEqual(once.outcomes);
        expect(count.outcomes.slice(list.length).every((outcome) => outcome === 'duplicate_delivery')).toBe(
          true,
        );
        expect(count.downloads).toEqual(once.downloads);
      }),
      { numRuns: 120 },
    );
  });

  test('of one piece more, served twice, changes no download', () => {
    const twice = requests.chain((list) =>
      fc.tuple(fc.constant(list), list.length > 0 ? fc.constantFrom(...list) : fc.constant(undefined)),
    );
    fc.assert(
      fc.property(twice, withoutLimits, ([list, piece], chosen) => {
        fc.pre(piece !== undefined);
        const more = [...list, { ...piece, id: `${piece.id} again` }];
        expect(countRequests(input(more), chosen).downloads).toEqual(
          countRequests(input(list), chosen).downloads,
        );
      }),
      { numRuns: 120 },
    );
  });

  test('never finds more bytes than the file has, nor fewer than the threshold', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const files = list.map((request) => ({ ...request, hls: null }));
        for (const { episode, bytes } of countRequests(input(files), chosen).downloads) {
          const least = chosen.contentSeconds === null ? 1 : 60;
          expect(bytes ?? least).toBeGreaterThanOrEqual(least);
          expect(bytes ?? 0).toBeLessThanOrEqual(EPISODES.get(episode)?.fileBytes ?? Infinity);
        }
      }),
      { numRuns: 120 },
    );
  });

  test('keeps the kinds of evidence apart', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const both = countRequests(input(list), chosen).downloads;
        for (const evidence of ['origin_bytes', 'prefix_only'] as const) {
          const alone = countRequests(input(list.filter((request) => request.evidence === evidence)), chosen);
          expect(both.filter((download) => download.evidence === evidence)).toEqual(alone.downloads);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('windows', () => {
  test('agree about listeners with one request', () => {
    const single = requests.map((list) =>
      list.map((request, index) => ({ ...request, listener: `listener ${index}` })),
    );
    fc.assert(
      fc.property(single, rules, (list, chosen) => {
        const {
          calendar_day: day,
          first_touch: first,
          last_touch: last,
        } = countInEveryWindow(input(list), chosen);
        expect(first.outcomes).toEqual(day.outcomes);
        expect(last.outcomes).toEqual(day.outcomes);
        expect(first.downloads).toEqual(day.downloads);
        expect(last.downloads).toEqual(day.downloads);
      }),
      { numRuns: 100 },
    );
  });

  test('are the same one by one and all at once', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const every = countInEveryWindow(input(list), chosen);
        for (const window of DOWNLOAD_WINDOWS)
          expect(every[window]).toEqual(countRequests(input(list), { ...chosen, window }));
      }),
      { numRuns: 100 },
    );
  });

  test('hold whole files apart by a day: never two downloads of one listener and episode inside one window', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const { downloads } = countRequests(input(list), chosen);
        const latest = new Map<string, number>();
        for (const { evidence, listener, episode, occurredAtMs } of downloads) {
          const key = `${evidence} ${listener} ${episode}`;
          const before = latest.get(key) ?? -Infinity;
          if (chosen.window === 'calendar_day') expect(utcDay(occurredAtMs)).toBeGreaterThan(utcDay(before));
          else expect(occurredAtMs - before).toBeGreaterThanOrEqual(DAY_MS);
          latest.set(key, occurredAtMs);
        }
      }),
      { numRuns: 120 },
    );
  });
});

describe('days counted one after another from the carry', () => {
  const dayOf = ({ occurredAtMs }: DownloadRequest) => utcDay(occurredAtMs - MONDAY);
  /** The key of a listener on one day. */
  const keyOn = (day: number, listener: string) => `${listener} on day ${day}`;

  test('give the same outcomes, downloads and carry as all days at once', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const whole = countRequests(input(list), chosen);
        const downloads: Count['downloads'][number][] = [];
        const outcomes: string[] = [];
        let carry: readonly WindowCarry[] = [];
        for (let day = 0; day < DAYS; day += 1) {
          const today = list.filter((request) => dayOf(request) === day);
          const count = countRequests(input(today, MONDAY + (day + 1) * DAY_MS), chosen, carry);
          outcomes.push(...byRequest(today, count));
          downloads.push(...count.downloads);
          carry = count.carry;
        }
        expect(outcomes.sort()).toEqual(byRequest(list, whole));
        expect(sorted(downloads)).toEqual(sorted(whole.downloads));
        expect(carry).toEqual(whole.carry);
      }),
      { numRuns: 250 },
    );
  });

  test('stay the same when the keys of listeners change at midnight', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const whole = countRequests(input(list), chosen);
        let carry: readonly WindowCarry[] = [];
        let counted = 0;
        for (let day = 0; day < DAYS; day += 1) {
          const today = list.filter((request) => dayOf(request) === day);
          const listeners = new Set(today.flatMap(({ listener }) => (listener === null ? [] : [listener])));
          const keys = new Map(
            [...listeners].map((listener) => [keyOn(day - 1, listener), keyOn(day, listener)]),
          );
          const keyed = today.map((request) => ({
            ...request,
            listener: request.listener === null ? null : keyOn(day, request.listener),
          }));
          const count = countRequests(
            input(keyed, MONDAY + (day + 1) * DAY_MS),
            chosen,
            rekeyCarry(carry, keys),
          );
          counted += count.downloads.length;
          carry = count.carry;
        }
        expect(counted).toBe(whole.downloads.length);
      }),
      { numRuns: 120 },
    );
  });

  test('do not depend on the order of the carry', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const [monday, tuesday] = [0, 1].map((day) => list.filter((request) => dayOf(request) === day));
        const { carry } = countRequests(input(monday ?? [], MONDAY + DAY_MS), chosen);
        const tuesdayFrom = (some: readonly WindowCarry[]) =>
          countRequests(input(tuesday ?? [], MONDAY + 2 * DAY_MS), chosen, some);
        expect(tuesdayFrom([...carry].reverse())).toEqual(tuesdayFrom(carry));
      }),
      { numRuns: 120 },
    );
  });

  test('belong to the day that completed them, and that day has the outcome', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        const { downloads, outcomes } = countRequests(input(list), chosen);
        for (let day = 0; day < DAYS; day += 1) {
          const settled = downloads.filter(({ settledAtMs }) => utcDay(settledAtMs - MONDAY) === day);
          const counted = list.filter(
            (request, index) => dayOf(request) === day && outcomes[index] === 'counted',
          );
          expect(counted).toHaveLength(settled.length);
        }
        for (const { occurredAtMs, settledAtMs } of downloads)
          expect(settledAtMs).toBeGreaterThanOrEqual(occurredAtMs);
      }),
      { numRuns: 100 },
    );
  });

  test('need no carry where windows are calendar days', () => {
    fc.assert(
      fc.property(requests, rules, (list, chosen) => {
        expect(countRequests(input(list), { ...chosen, window: 'calendar_day' }).carry).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  const sorted = (downloads: Count['downloads']) =>
    [...downloads].sort((a, b) => (a.settledBy < b.settledBy ? -1 : 1));
});

describe('a stretch', () => {
  test('ends at a midnight UTC, after all its requests', () => {
    const [request] = fc.sample(
      requests.filter((list) => list.length > 0),
      { numRuns: 1, seed: 1 },
    )[0]!;
    const late = { ...request!, occurredAtMs: UNTIL };
    const unknown = { ...request!, occurredAtMs: NaN };
    const chosen = fc.sample(rules, { numRuns: 1, seed: 1 })[0]!;
    expect(() => countRequests(input([], UNTIL + 1), chosen)).toThrow(RangeError);
    expect(() => countRequests(input([late]), chosen)).toThrow(RangeError);
    expect(() => countInEveryWindow(input([unknown]), chosen)).toThrow(RangeError);
    expect(countRequests(input([]), chosen)).toEqual({ outcomes: [], downloads: [], carry: [] });
  });
});
