import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ADDRESS_LIMITS, suspectAddresses } from './suspect-addresses.js';
import { evenness, suspectPodcasts } from './suspect-podcasts.js';
import type { AddressDay, PodcastDay } from './traffic-day.js';

const quiet: AddressDay = {
  addressId: '1',
  requests: 40,
  downloads: 10,
  agents: ADDRESS_LIMITS.agents,
  episodesIn10Minutes: ADDRESS_LIMITS.episodesIn10Minutes,
  atThreshold: ADDRESS_LIMITS.atThreshold,
};

describe('an address', () => {
  test('at every limit is left alone', () => {
    expect(suspectAddresses([quiet])).toEqual([]);
  });

  test.each([
    ['episodesIn10Minutes', 'episodes_per_address'],
    ['agents', 'agents_per_address'],
    ['atThreshold', 'exact_threshold'],
  ] as const)('one above the limit of %s is a finding', (figure, detector) => {
    const found = suspectAddresses([{ ...quiet, [figure]: quiet[figure] + 1 }]);
    expect(found).toEqual([
      {
        detector,
        subject: 'address 1',
        addressId: '1',
        podcastId: null,
        requests: 40,
        downloads: 10,
        evidence: { [figure]: quiet[figure] + 1, limit: quiet[figure] },
      },
    ]);
  });
});

describe('evenness', () => {
  test('is 1 for equal numbers, 0 for a single one, and between for all others', () => {
    expect(evenness(Array.from({ length: 24 }, () => 7))).toBeCloseTo(1, 12);
    expect(evenness([0, 0, 9, 0])).toBe(0);
    expect(evenness([])).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.nat(1_000), { minLength: 2, maxLength: 24 }), (values) => {
        expect(evenness(values)).toBeGreaterThanOrEqual(0);
        expect(evenness(values)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

describe('a podcast', () => {
  const NIGHT = [2, 1, 1, 1, 2, 5, 12, 20, 22, 18, 15, 14, 16, 15, 14, 15, 18, 22, 20, 18, 16, 12, 8, 4];
  const day = (change: Partial<PodcastDay>): PodcastDay => ({
    podcastId: 'p',
    hours: NIGHT,
    apps: new Map([['A', 291]]),
    usualApps: new Map([
      ['A', 9_000],
      ['B', 1_000],
    ]),
    ...change,
  });

  test('with a night is left alone, and one without is a finding', () => {
    expect(suspectPodcasts([day({})])).toEqual([]);
    const flat = Array.from({ length: 24 }, (_, hour) => 11 + (hour % 3));
    expect(suspectPodcasts([day({ hours: flat })])).toMatchObject([
      { detector: 'flat_hours', downloads: 288 },
    ]);
    // Too few to have a shape.
    expect(suspectPodcasts([day({ hours: flat.map(() => 9) })])).toEqual([]);
  });

  test('whose app grows by more than 30 points of a hundred is a finding', () => {
    const apps = (b: number) =>
      new Map([
        ['A', 1_000 - b],
        ['B', b],
      ]);
    expect(suspectPodcasts([day({ apps: apps(400) })])).toEqual([]);
    expect(suspectPodcasts([day({ apps: apps(401) })])).toMatchObject([
      { detector: 'app_mix', subject: 'podcast p B', evidence: { app: 'B', share: 0.401, usualShare: 0.1 } },
    ]);
  });
});
