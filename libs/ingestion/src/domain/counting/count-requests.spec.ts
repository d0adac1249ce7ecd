import { describe, expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@lib/primitives';
import { countInEveryWindow, countRequests } from './count-requests.js';
import { type CountingRules, DEFAULT_COUNTING_RULES as RULES, DOWNLOAD_WINDOWS } from './counting-rules.js';
import type { DownloadRequest, EpisodeSizes } from './download-request.js';
import type { Outcome } from './outcome.js';

/** 12 October 2026 is a Monday. */
const MONDAY = Date.UTC(2026, 9, 12);
const NOON = MONDAY + 12 * HOUR_MS;
/** 16,000 bytes a second: one minute and the header are 1,005,000 bytes. */
const EPISODE = { fileBytes: 14_445_000, headerBytes: 45_000, durationSeconds: 900 };
const SHORT = { fileBytes: 700_000, headerBytes: 20_000, durationSeconds: 42 };
const EPISODES = new Map<string, EpisodeSizes>([
  ['episode', EPISODE],
  ['other', EPISODE],
  ['short', SHORT],
  ['unmeasured', { fileBytes: null, headerBytes: null, durationSeconds: null }],
]);

/** A whole file on Monday noon, unless said otherwise. */
const get = (change: Partial<DownloadRequest> = {}): Omit<DownloadRequest, 'id'> => ({
  occurredAtMs: NOON,
  evidence: 'origin_bytes',
  method: 'GET',
  status: 200,
  bytesServed: EPISODE.fileBytes,
  rangeAsked: null,
  rangeServed: null,
  hls: null,
  listener: 'listener',
  address: 'address',
  episode: 'episode',
  agent: 'app',
  network: 'household',
  addressList: null,
  badReferrer: false,
  ...change,
});
/** A 206 of the bytes `from`-`last`, all of them served. */
const piece = (from: number, last: number, change: Partial<DownloadRequest> = {}) =>
  get({ status: 206, bytesServed: last - from + 1, rangeAsked: `bytes=${from}-${last}`, ...change });
const asked = (change: Partial<DownloadRequest> = {}) =>
  get({ evidence: 'prefix_only', status: 302, bytesServed: null, ...change });
const segment = (position: number, change: Partial<DownloadRequest> = {}) =>
  get({
    hls: { kind: 'segment', position, durationMs: 6_000 },
    bytesServed: 1_000_000,
    occurredAtMs: NOON + position * 6_000,
    ...change,
  });
const probe = piece(0, 1);

const input = (requests: readonly Omit<DownloadRequest, 'id'>[]) => ({
  requests: requests.map((request, index) => ({
    id: `request ${String(index).padStart(5, '0')}`,
    ...request,
  })),
  episodes: EPISODES,
  untilMs: MONDAY + 7 * DAY_MS,
});
const outcomes = (requests: readonly Omit<DownloadRequest, 'id'>[], rules: Partial<CountingRules> = {}) =>
  countRequests(input(requests), { ...RULES, ...rules }).outcomes;
/** Downloads in each of the three windows. */
const downloads = (requests: readonly Omit<DownloadRequest, 'id'>[]) => {
  const counts = countInEveryWindow(input(requests), RULES);
  return DOWNLOAD_WINDOWS.map((window) => {
    const { outcomes: all, downloads: found } = counts[window];
    expect(all).toHaveLength(requests.length);
    expect(all.filter((outcome) => outcome === 'counted')).toHaveLength(found.length);
    return found.length;
  });
};
const times = (count: number, request: Omit<DownloadRequest, 'id'>) =>
  Array.from({ length: count }, () => request);

describe('windows (PTMG v2.3 §5.5.1)', () => {
  const touches = ['12T22:00', '13T03:00', '13T22:15', '14T23:15'];
  test.each([
    ['calendar_day', [1, 1, 0, 1]],
    ['first_touch', [1, 0, 1, 1]],
    ['last_touch', [1, 0, 0, 1]],
  ] as const)('%s', (window, counted) => {
    const requests = touches.map((at) => get({ occurredAtMs: Date.parse(`2026-10-${at}Z`) }));
    expect(outcomes(requests, { window }).map((outcome) => Number(outcome === 'counted'))).toEqual(counted);
  });

  test('are half-open: exactly 24 hours later is another download', () => {
    const at = (ms: number) => get({ occurredAtMs: NOON + ms });
    expect(downloads([at(0), at(DAY_MS)])).toEqual([2, 2, 2]);
    expect(downloads([at(0), at(DAY_MS - 1)])).toEqual([2, 1, 1]);
    expect(downloads([at(0), at(DAY_MS - 1), at(2 * DAY_MS - 2)])).toEqual([3, 2, 1]);
  });

  test('are opened and extended only by requests that pass the filters', () => {
    const filtered = { agent: 'bot_agent', occurredAtMs: NOON + 20 * HOUR_MS } as const;
    const late = get({ occurredAtMs: NOON + 40 * HOUR_MS });
    expect(downloads([get(), get(filtered), late])).toEqual([2, 2, 2]);
    expect(downloads([get(), get({ ...filtered, agent: 'app' }), late])).toEqual([3, 2, 1]);
  });

  test('are extended by pieces below the threshold too', () => {
    const small = piece(0, 9_999, { occurredAtMs: NOON + 20 * HOUR_MS });
    expect(downloads([get(), small, get({ occurredAtMs: NOON + 40 * HOUR_MS })])).toEqual([2, 2, 1]);
  });

  test('come before unions: pieces on both sides of midnight are joined in rolling windows only', () => {
    const before = piece(0, 599_999, { occurredAtMs: MONDAY + DAY_MS - MINUTE_MS });
    const after = piece(600_000, 1_004_999, { occurredAtMs: MONDAY + DAY_MS + MINUTE_MS });
    expect(downloads([before, after])).toEqual([0, 1, 1]);
    const { first_touch: count } = countInEveryWindow(input([before, after]), RULES);
    expect(count.outcomes).toEqual(['below_threshold', 'counted']);
    expect(count.downloads).toMatchObject([
      { occurredAtMs: before.occurredAtMs, settledAtMs: after.occurredAtMs, bytes: 1_005_000 },
    ]);
  });
});

test('bytes carried over from yesterday end where the file ends today', () => {
  const rules = { ...RULES, window: 'first_touch' } as const;
  const yesterday = { ...input([piece(500_000, 1_499_999)]), untilMs: MONDAY + DAY_MS };
  const { carry } = countRequests(yesterday, rules);
  const today = input([piece(0, 599_999, { occurredAtMs: MONDAY + DAY_MS + HOUR_MS })]);
  const smaller = { fileBytes: 800_000, headerBytes: null, durationSeconds: 900 };
  const count = countRequests({ ...today, episodes: new Map([['episode', smaller]]) }, rules, carry);
  expect(count.downloads).toMatchObject([{ bytes: 800_000, occurredAtMs: NOON }]);
});

test('downloads of one moment are in the order of listeners, whatever the order of the carry', () => {
  const rules = { ...RULES, window: 'last_touch' } as const;
  const both = (from: number, last: number, occurredAtMs: number) =>
    ['anna', 'ben'].map((listener) => piece(from, last, { listener, occurredAtMs }));
  const { carry } = countRequests({ ...input(both(0, 599_999, NOON)), untilMs: MONDAY + DAY_MS }, rules);
  const tuesday = input(both(600_000, 1_999_999, MONDAY + DAY_MS));
  for (const some of [carry, [...carry].reverse()])
    expect(countRequests(tuesday, rules, some).downloads).toMatchObject([
      { listener: 'anna', occurredAtMs: NOON },
      { listener: 'ben', occurredAtMs: NOON },
    ]);
});

describe('listeners (PTMG v2.3 §5.5.4)', () => {
  test('ten requests by six agents at one address are six listeners and six downloads', () => {
    const requests = Array.from({ length: 10 }, (_, index) =>
      get({ listener: `address + agent ${index % 6}`, occurredAtMs: NOON + index * MINUTE_MS }),
    );
    expect(downloads(requests)).toEqual([6, 6, 6]);
    const { downloads: found } = countRequests(input(requests), RULES);
    expect(new Set(found.map(({ listener }) => listener)).size).toBe(6);
  });
  test('each episode is a download of its own', () => {
    expect(downloads([get(), get({ episode: 'other' }), get()])).toEqual([2, 2, 2]);
  });
  test('play, pause, and play an hour later is one download', () => {
    const pieces = [0, 1, 2].map((n) =>
      piece(n * 500_000, n * 500_000 + 499_999, { occurredAtMs: MONDAY + (9 + n) * HOUR_MS }),
    );
    expect(downloads(pieces)).toEqual([1, 1, 1]);
    expect(outcomes(pieces)).toEqual(['merged_piece', 'merged_piece', 'counted']);
    expect(countRequests(input(pieces), RULES).downloads).toMatchObject([
      { occurredAtMs: MONDAY + 9 * HOUR_MS, bytes: 1_500_000 },
    ]);
  });
  test('without a key nobody can be told apart, so nothing is counted', () => {
    expect(outcomes([get({ listener: null })])).toEqual(['no_listener']);
  });
});

describe('served bytes (IAB-17, IAB-18, IAB-20)', () => {
  test.each([
    ['overlapping ranges that together are one minute', [piece(0, 599_999), piece(500_000, 1_004_999)], 1],
    ['one range fetched twice', times(2, piece(0, 599_999)), 0],
    ['one byte less', [piece(0, 1_004_998)], 0],
    ['exactly one minute', [piece(0, 1_004_999)], 1],
    ['a minute from the middle', [piece(5_000_000, 6_004_999)], 1],
    ['a whole file that the client cut after a minute', [get({ bytesServed: 1_005_000 })], 1],
    ['a whole file that the client cut before', [get({ bytesServed: 1_004_999 })], 0],
    ['a long range of which little was served', [piece(0, 14_444_999, { bytesServed: 10_000 })], 0],
    ['a short episode, all of it', [get({ episode: 'short', bytesServed: 700_000 })], 1],
    ['a short episode but for a byte', [get({ episode: 'short', bytesServed: 699_999 })], 0],
    ['an episode that nobody measured', [get({ episode: 'unmeasured' })], 0],
    ['an episode that nobody knows', [get({ episode: 'deleted' })], 0],
    ['two pieces without a place', times(2, get({ status: 206, bytesServed: 600_000 })), 0],
    ['the header and half a minute, twice', times(2, piece(0, 524_999)), 0],
  ])('%s', (_, requests, count) => {
    expect(downloads(requests)).toEqual([count, count, count]);
  });

  test('with content_only a cached header is not missed, and does not help', () => {
    const rules = { header: 'content_only' } as const;
    expect(outcomes([piece(45_000, 1_004_999)], rules)).toEqual(['counted']);
    expect(outcomes([piece(45_000, 1_004_999)])).toEqual(['below_threshold']);
    expect(outcomes([piece(0, 1_004_998)], rules)).toEqual(['below_threshold']);
  });

  test('what brings more is merged, what brings nothing new repeats', () => {
    const requests = [piece(0, 599_999), piece(0, 599_999), get(), piece(0, 99)];
    expect(outcomes(requests)).toEqual(['merged_piece', 'merged_piece', 'counted', 'repeat_in_window']);
    expect(outcomes([piece(0, 1_999_999), piece(2_000_000, 2_000_000)])).toEqual(['counted', 'merged_piece']);
  });
});

describe('methods and statuses (IAB-15, IAB-16)', () => {
  const cases: [string, number | null, Outcome][] = [
    ['GET', 200, 'counted'],
    ['GET', 206, 'counted'],
    ['GET', 0, 'counted'],
    ['GET', 204, 'status'],
    ['GET', 302, 'status'],
    ['GET', 304, 'status'],
    ['GET', 403, 'status'],
    ['GET', 404, 'status'],
    ['GET', 416, 'status'],
    ['GET', 499, 'status'],
    ['GET', 503, 'status'],
    ['GET', null, 'status'],
    ['HEAD', 200, 'not_get'],
    ['HEAD', 404, 'not_get'],
    ['POST', 200, 'not_get'],
    ['OPTIONS', 200, 'not_get'],
    ['get', 200, 'not_get'],
  ];
  test.each(cases)('%s %p is %s', (method, status, outcome) => {
    expect(outcomes([piece(0, 2_000_000, { method, status })])).toEqual([outcome]);
  });
  test('000 that brought nothing is no response', () => {
    expect(outcomes([get({ status: 0, bytesServed: 0 })])).toEqual(['status']);
  });
  test('HEAD and GET are one download', () => {
    expect(downloads([get({ method: 'HEAD', bytesServed: 0 }), get()])).toEqual([1, 1, 1]);
  });
});

describe('range probes (IAB-12)', () => {
  test('alone count nothing; followed by pieces, the pieces count', () => {
    expect(outcomes([probe])).toEqual(['range_probe']);
    expect(downloads([probe])).toEqual([0, 0, 0]);
    expect(downloads([probe, piece(0, 599_999), piece(600_000, 14_444_999)])).toEqual([1, 1, 1]);
  });
  test('are known by the range served where a log has no other', () => {
    const served = { rangeAsked: null, rangeServed: { from: 0, to: 2 } };
    expect(outcomes([piece(0, 1, served)])).toEqual(['range_probe']);
    expect(outcomes([piece(0, 2, { ...served, rangeServed: { from: 0, to: 3 } })])).toEqual([
      'below_threshold',
    ]);
  });
  test('that the server ignored are judged by what was served', () => {
    expect(outcomes([get({ rangeAsked: 'bytes=0-1' })])).toEqual(['counted']);
  });
  test('do not open windows', () => {
    const requests = [probe, get({ occurredAtMs: NOON + DAY_MS - 1 }), get({ occurredAtMs: NOON + DAY_MS })];
    expect(downloads(requests)[1]).toBe(1);
  });
});

describe('HLS (PTMG v2.3 §5.5.2 step 1.3)', () => {
  const positions = (count: number) => Array.from({ length: count }, (_, position) => position);
  test('ten different segments of six seconds are one minute', () => {
    expect(downloads(positions(10).map((position) => segment(position)))).toEqual([1, 1, 1]);
    expect(downloads(positions(9).map((position) => segment(position)))).toEqual([0, 0, 0]);
  });
  test('the same segments fetched twice are not', () => {
    const six = positions(6).map((position) => segment(position));
    expect(downloads([...six, ...six])).toEqual([0, 0, 0]);
  });
  test('a 200 is a piece like others, an empty one none', () => {
    expect(outcomes([segment(0)])).toEqual(['below_threshold']);
    expect(downloads(positions(10).map((position) => segment(position, { bytesServed: 0 })))).toEqual([
      0, 0, 0,
    ]);
  });
  test('playlists are not content', () => {
    expect(outcomes([get({ hls: { kind: 'playlist' } })])).toEqual(['not_an_episode']);
  });
  test('bytes are those of the different segments', () => {
    const twelve = [
      ...positions(11).map((position) => segment(position)),
      segment(3, { occurredAtMs: NOON + HOUR_MS }),
    ];
    const count = countRequests(input(twelve), RULES);
    expect(count.downloads).toMatchObject([{ bytes: 11_000_000, occurredAtMs: NOON }]);
    expect(count.outcomes.slice(-3)).toEqual(['counted', 'merged_piece', 'repeat_in_window']);
  });
  test('a short episode needs all its seconds', () => {
    const short = positions(7).map((position) => segment(position, { episode: 'short' }));
    expect(downloads(short)).toEqual([1, 1, 1]);
    expect(downloads(short.slice(1))).toEqual([0, 0, 0]);
  });
});

describe('requests known from the prefix alone', () => {
  test('count without status, threshold or union', () => {
    expect(downloads([asked(), asked({ occurredAtMs: NOON + HOUR_MS })])).toEqual([1, 1, 1]);
    expect(countRequests(input([asked()]), RULES).downloads).toMatchObject([
      { evidence: 'prefix_only', bytes: null, occurredAtMs: NOON },
    ]);
    expect(outcomes([asked({ episode: 'unmeasured' }), asked({ episode: 'unmeasured' })])).toEqual([
      'counted',
      'repeat_in_window',
    ]);
  });
  test('have no bytes, whatever the redirect sent', () => {
    const answered = asked({ bytesServed: 180 });
    const count = countRequests(input([answered, { ...answered, bytesServed: 240 }]), RULES);
    expect(count.outcomes).toEqual(['counted', 'repeat_in_window']);
    expect(count.downloads).toMatchObject([{ bytes: null }]);
  });
  test('go through the other filters', () => {
    expect(outcomes([asked({ method: 'HEAD' })])).toEqual(['not_get']);
    expect(outcomes([asked({ rangeAsked: 'bytes=0-1' })])).toEqual(['range_probe']);
    expect(outcomes([asked({ agent: 'bot_agent' })])).toEqual(['bot_agent']);
    expect(outcomes([asked({ network: 'hosting' })])).toEqual(['datacentre']);
    expect(outcomes([asked({ badReferrer: true })])).toEqual(['bad_referrer']);
  });
  test('are counted beside those with bytes, never with them', () => {
    const { downloads: found } = countRequests(input([asked(), get(), piece(0, 99)]), RULES);
    expect(found.map(({ evidence }) => evidence).sort()).toEqual(['origin_bytes', 'prefix_only']);
  });
});
