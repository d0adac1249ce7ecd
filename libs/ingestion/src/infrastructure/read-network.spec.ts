import { describe, expect, test } from '@jest/globals';
import { readNetwork } from './read-network.js';

describe('a block to be listed', () => {
  test.each([
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['::ffff:203.0.113.0/120', '203.0.113.0/24'],
    ['::ffff:cb00:7107', '203.0.113.7/32'],
    ['2001:DB8:12:0::/48', '2001:db8:12::/48'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['2001:e000::/19', '2001:e000::/19'],
  ])('%s has one notation', (text, network) => {
    expect(readNetwork(text)).toBe(network);
    expect(readNetwork(network)).toBe(network);
  });

  test.each([
    ['network_invalid', ''],
    ['network_invalid', 'office'],
    ['network_invalid', '203.0.113.0/33'],
    ['network_invalid', '203.0.113.0/-1'],
    ['network_invalid', '203.0.113/24'],
    ['network_invalid', '0x7f.0.0.0/8'],
    ['network_invalid', '203.0.113.0/24/24'],
    ['network_invalid', '203.0.113.0 - 203.0.113.255'],
    ['network_invalid', 'fe80::1%eth0/128'],
    ['network_invalid', '2001:db8::/129'],
    ['network_host_bits', '203.0.113.7/24'],
    ['network_host_bits', '2001:db8::1/64'],
    ['network_host_bits', '::ffff:203.0.113.7/120'],
    ['network_too_broad', '0.0.0.0/0'],
    ['network_too_broad', '10.0.0.0/7'],
    ['network_too_broad', '::/0'],
    ['network_too_broad', '2001:c000::/18'],
    ['network_too_broad', '::ffff:0:0/96'],
    ['network_too_broad', '::ffff:10.0.0.0/103'],
    // Narrower than a /19, and yet around everything that is IPv4.
    ['network_too_broad', '::/64'],
    ['network_too_broad', '::/80'],
  ])('%s: %p', (code, text) => {
    expect(() => readNetwork(text)).toThrow(
      expect.objectContaining({ code, status: 400, extra: { field: 'network' } }),
    );
  });

  test('with bits behind its prefix is answered with the block that may be meant', () => {
    expect(() => readNetwork('203.0.113.7/24')).toThrow('203.0.113.0/24');
    expect(() => readNetwork('2001:db8::1/64')).toThrow('2001:db8::/64');
  });
});
