import { describe, expect, test } from '@jest/globals';
import { DAY_MS } from '@lib/primitives';
import { addressKey, addressRange } from '../../infrastructure/parse-address.js';
import { type AddressListEntry, AddressListings } from './address-listing.js';

const NOW = Date.UTC(2026, 9, 12);
let count = 0;
function entry(kind: 'included' | 'excluded', block: string, daysAgo = 0): AddressListEntry {
  count += 1;
  return {
    id: `${kind} ${block} ${count}`,
    kind,
    range: addressRange(block)!,
    validatedAtMs: NOW - daysAgo * DAY_MS,
  };
}
const ask = (entries: AddressListEntry[], address: string) =>
  new AddressListings(entries).listing(addressKey(address)!, NOW);

describe('address lists', () => {
  test('name the entry that decides', () => {
    const dorm = entry('included', '198.51.100.128/25');
    expect(ask([dorm], '198.51.100.200')).toEqual({ kind: 'included', entryId: dorm.id });
    expect(ask([dorm], '::ffff:198.51.100.200')).toEqual({ kind: 'included', entryId: dorm.id });
    expect(ask([dorm], '198.51.100.1')).toBeNull();
    expect(ask([], '198.51.100.1')).toBeNull();
  });

  test('let the narrowest entry decide, whichever came first', () => {
    const entries = [entry('included', '203.0.113.0/28'), entry('excluded', '203.0.113.0/24')];
    for (const both of [entries, entries.toReversed()]) {
      expect(ask(both, '203.0.113.3')?.kind).toBe('included');
      expect(ask(both, '203.0.113.33')?.kind).toBe('excluded');
    }
  });

  test('let an exclusion win over an inclusion of the same block', () => {
    const entries = [entry('excluded', '203.0.113.0/24'), entry('included', '203.0.113.0/24')];
    for (const both of [entries, entries.toReversed()])
      expect(ask(both, '203.0.113.3')?.kind).toBe('excluded');
  });
});

// PTMG v2.3 §5.5.2, note: inclusions are validated again at least every 90 days.
describe('an inclusion', () => {
  test.each([
    [0, true],
    [89.999, true],
    [90, false],
    [91, false],
  ])('looked at %d days ago works: %p', (days, works) => {
    const dorm = entry('included', '198.51.100.0/24', days);
    expect(ask([dorm], '198.51.100.1') !== null).toBe(works);
    expect(new AddressListings([dorm]).lapsed(NOW)).toEqual(works ? [] : [dorm]);
  });

  test('that lapsed leaves the decision to a wider entry', () => {
    const entries = [entry('included', '198.51.100.0/25', 100), entry('excluded', '198.51.100.0/24', 400)];
    expect(ask(entries, '198.51.100.1')?.kind).toBe('excluded');
  });
});

test('an exclusion does not lapse', () => {
  const bad = entry('excluded', '2001:db8::/32', 4_000);
  expect(ask([bad], '2001:db8::1')?.kind).toBe('excluded');
  expect(new AddressListings([bad]).lapsed(NOW)).toEqual([]);
});
