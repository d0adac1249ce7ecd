import { describe, expect, test } from '@jest/globals';
import { DAY_MS, MINUTE_MS } from '@lib/primitives';
import { type CountingRules, DEFAULT_COUNTING_RULES as RULES } from './counting-rules.js';
import type { AgentClass, DownloadRequest } from './download-request.js';
import { filterRequests } from './filter-requests.js';
import { type Outcome, OUTCOMES } from './outcome.js';

const MONDAY = Date.UTC(2026, 9, 12);
const GOOD: Omit<DownloadRequest, 'id'> = {
  occurredAtMs: MONDAY,
  evidence: 'origin_bytes',
  method: 'GET',
  status: 206,
  bytesServed: 5_000_000,
  rangeAsked: 'bytes=0-4999999',
  rangeServed: null,
  hls: null,
  listener: 'listener',
  address: 'address',
  episode: 'episode',
  agent: 'app',
  network: 'household',
  addressList: null,
  badReferrer: false,
};
const requests = (count: number, change: (index: number) => Partial<DownloadRequest>): DownloadRequest[] =>
  Array.from({ length: count }, (_, index) => ({ id: `request ${index}`, ...GOOD, ...change(index) }));
/** How often each outcome occurs; what passed is `below_threshold` here. */
const tally = (all: readonly DownloadRequest[], rules: Partial<CountingRules> = {}) => {
  const found: Partial<Record<Outcome, number>> = {};
  for (const outcome of filterRequests(all, { ...RULES, ...rules }).outcomes)
    found[outcome] = (found[outcome] ?? 0) + 1;
  return found;
};

describe('the first rule that applies names the outcome', () => {
  /** Each change breaks one rule more, from the last rule to the first. */
  const breaks: [Outcome, Partial<DownloadRequest>][] = [
    ['no_listener', { listener: null }],
    ['bad_referrer', { badReferrer: true }],
    ['excluded_address', { addressList: 'excluded' }],
    ['vpn', { network: 'vpn' }],
    ['datacentre', { network: 'hosting' }],
    ['bot_generic', { agent: 'bot_generic' }],
    ['bot_library', { agent: 'bot_library' }],
    ['bot_agent', { agent: 'bot_agent' }],
    ['malformed_agent', { agent: 'malformed' }],
    ['apple_watch', { agent: 'apple_watch' }],
    ['range_probe', { rangeAsked: 'bytes=0-1', bytesServed: 2 }],
    ['status', { status: 416 }],
    ['not_get', { method: 'HEAD' }],
    ['not_an_episode', { episode: null }],
  ];
  test.each(breaks.map(([outcome], index) => [outcome, index] as const))('%s', (outcome, index) => {
    const broken = Object.assign({}, ...breaks.slice(0, index + 1).map(([, change]) => change)) as object;
    expect(
      filterRequests(
        requests(1, () => broken),
        RULES,
      ).outcomes,
    ).toEqual([outcome]);
  });
  test('in the documented order', () => {
    const order = [...breaks].reverse().map(([outcome]) => OUTCOMES.indexOf(outcome));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
});

test('of a request that is delivered twice one is left, whatever it is', () => {
  const [one] = requests(1, () => ({ method: 'HEAD' }));
  const again = { ...one!, occurredAtMs: MONDAY + 1 };
  expect(tally([one!, again, one!, one!])).toEqual({ duplicate_delivery: 2, not_get: 2 });
});

test.each<[AgentClass, Outcome]>([
  ['app', 'below_threshold'],
  ['browser', 'below_threshold'],
  ['library', 'below_threshold'],
  ['unknown', 'below_threshold'],
  ['none', 'malformed_agent'],
])('agent %s', (agent, outcome) => {
  expect(tally(requests(1, () => ({ agent })))).toEqual({ [outcome]: 1 });
});

test('relays and Tor carry people, unless the rules say otherwise', () => {
  const all = requests(4, (n) => ({
    network: (['relay', 'tor', 'unknown', 'campus'] as const)[n] ?? 'unknown',
  }));
  expect(tally(all)).toEqual({ below_threshold: 4 });
  expect(tally(all, { filteredNetworks: ['tor', 'relay'] })).toEqual({ vpn: 2, below_threshold: 2 });
});

describe('volume (IAB-07)', () => {
  const limit = { requestsPerAddressDay: 5 };
  const many = (count: number, change: (index: number) => Partial<DownloadRequest> = () => ({})) =>
    requests(count, (n) => ({ listener: `listener ${n}`, ...change(n) }));
  test('at the limit an address counts, with one more it does not', () => {
    expect(tally(many(5), limit)).toEqual({ below_threshold: 5 });
    expect(tally(many(6), limit)).toEqual({ volume: 6 });
  });
  test('the inclusion list wins', () => {
    expect(
      tally(
        many(6, () => ({ addressList: 'included' })),
        limit,
      ),
    ).toEqual({ below_threshold: 6 });
  });
  test('is that of one UTC day, of one kind of evidence, and of requests that pass', () => {
    expect(
      tally(
        many(6, (n) => ({ occurredAtMs: MONDAY + (n === 0 ? DAY_MS : DAY_MS - 1) })),
        limit,
      ),
    ).toEqual({
      below_threshold: 6,
    });
    expect(
      tally(
        many(6, (n) => ({ evidence: n === 0 ? 'prefix_only' : 'origin_bytes' })),
        limit,
      ),
    ).toEqual({
      below_threshold: 6,
    });
    expect(
      tally(
        many(6, (n) => ({ method: n === 0 ? 'HEAD' : 'GET' })),
        limit,
      ),
    ).toEqual({
      not_get: 1,
      below_threshold: 5,
    });
    expect(
      tally(
        many(6, (n) => ({ address: n === 0 ? 'another' : 'address' })),
        limit,
      ),
    ).toEqual({
      below_threshold: 6,
    });
  });
  test('of unknown addresses is nobody’s', () => {
    expect(
      tally(
        many(6, () => ({ address: null })),
        limit,
      ),
    ).toEqual({ below_threshold: 6 });
  });
});

describe('breadth', () => {
  const sweep = (count: number, change: (index: number) => Partial<DownloadRequest> = () => ({})) =>
    requests(count, (n) => ({ episode: `episode ${n}`, occurredAtMs: MONDAY + n * 1_000, ...change(n) }));
  test('thirty different episodes in ten minutes pass, one more does not', () => {
    expect(tally(sweep(30))).toEqual({ below_threshold: 30 });
    expect(tally(sweep(31))).toEqual({ breadth: 31 });
  });
  test('the same episode again is no breadth', () => {
    expect(tally(sweep(500, (n) => ({ episode: `episode ${n % 30}` })))).toEqual({ below_threshold: 500 });
  });
  test('is measured in any ten minutes, half-open', () => {
    const last = (at: number) => (n: number) =>
      n === 30 ? { occurredAtMs: MONDAY + at } : { occurredAtMs: MONDAY };
    expect(tally(sweep(31, last(10 * MINUTE_MS)))).toEqual({ below_threshold: 31 });
    expect(tally(sweep(31, last(10 * MINUTE_MS - 1)))).toEqual({ breadth: 31 });
    expect(tally(sweep(200, (n) => ({ occurredAtMs: MONDAY + n * 20_000 })))).toEqual({
      below_threshold: 200,
    });
    expect(tally(sweep(200, (n) => ({ occurredAtMs: MONDAY + n * 19_000 })))).toEqual({ breadth: 200 });
  });
  test('takes the whole UTC day of that listener, and nobody else’s', () => {
    const evening = { occurredAtMs: MONDAY + DAY_MS - 1 };
    const tomorrow = { occurredAtMs: MONDAY + DAY_MS };
    const others = requests(
      4,
      (n) => [evening, tomorrow, { listener: 'other' }, { listener: null }][n] ?? {},
    );
    const renamed = others.map((request) => ({ ...request, id: `other ${request.id}` }));
    expect(tally([...sweep(31), ...renamed])).toEqual({ breadth: 32, below_threshold: 2, no_listener: 1 });
  });
  test('the inclusion list wins, and the rule can be off', () => {
    expect(tally(sweep(31, () => ({ addressList: 'included' })))).toEqual({ below_threshold: 31 });
    expect(tally(sweep(31), { breadth: null })).toEqual({ below_threshold: 31 });
  });
});
