import { describe, expect, test } from '@jest/globals';
import { compareLists, countEntries } from './compare-lists.js';
import { compareNetworks, countNetworks } from './compare-networks.js';
import type { ListEntry } from './list-entry.js';
import type { NetworkEntry } from './network-class.js';

const NONE = { bots: [], apps: [], libraries: [], browsers: [], devices: [], referrers: [], crawlers: [] };
const entry = (name: string, pattern = name): ListEntry => ({ name, pattern });
const lists = (...apps: ListEntry[]) => ({ ...NONE, apps });

describe('two lists of agents', () => {
  test('that say the same have no differences', () => {
    expect(
      compareLists(lists(entry('a')), lists({ ...entry('a'), examples: ['a'], catchAll: false })),
    ).toEqual({});
  });

  test('differ in names of entries', () => {
    const [before, after] = [
      lists(entry('a'), entry('b'), entry('c')),
      lists(entry('a'), entry('b', 'B'), entry('d')),
    ];
    expect(compareLists(before, after)).toEqual({
      apps: { added: ['d'], removed: ['c'], changed: ['b'], reordered: false },
    });
  });

  test.each<Partial<ListEntry>>([
    { category: 'bot' },
    { from: '2026-01-01' },
    { until: '2026-01-01' },
    { catchAll: true },
  ])('differ by %j', (more) => {
    expect(compareLists(lists(entry('a')), lists({ ...entry('a'), ...more })).apps?.changed).toEqual(['a']);
  });

  test('differ in the order of what both have', () => {
    const [a, b, c] = [entry('a'), entry('b'), entry('c')];
    expect(compareLists(lists(a, b), lists(b, a)).apps?.reordered).toBe(true);
    expect(compareLists(lists(a, b), lists(c, a, b)).apps?.reordered).toBe(false);
  });

  test('have counts', () => {
    expect(countEntries(lists(entry('a'), entry('b')))).toMatchObject({ apps: 2, bots: 0, crawlers: 0 });
  });
});

describe('two files of networks', () => {
  const block = (cidr: string, asn: number): NetworkEntry => ({
    cidr,
    networkClass: 'hosting',
    asn,
    country: null,
  });

  test('differ block by block', () => {
    const before = [block('192.0.2.0/24', 1), block('198.51.100.0/24', 2), block('203.0.113.0/24', 3)];
    const after = [block('192.0.2.0/24', 1), block('198.51.100.0/24', 9), block('2001:db8::/32', 4)];
    expect(compareNetworks(before, after)).toEqual({ added: 1, removed: 1, changed: 1 });
    expect(compareNetworks(before, before)).toEqual({ added: 0, removed: 0, changed: 0 });
  });

  test('have counts', () => {
    expect(countNetworks([block('192.0.2.0/24', 1), block('198.51.100.0/24', 2)])).toEqual({
      blocks: 2,
      hosting: 2,
    });
  });
});
