import { describe, expect, test } from '@jest/globals';
import { listenerNetwork } from './listener-network.js';

// PTMG v2.3 §5.5.4: IPv6 is cut to its first 64 bits, IPv4 is kept whole, mapped addresses are IPv4.
describe('the network of a listener', () => {
  test.each([
    ['2001:db8:12:34:aaaa:bbbb:cccc:dddd', '2001:db8:12:34::/64'],
    ['2001:db8:12:34::9', '2001:db8:12:34::/64'],
    ['2001:DB8:12:34::', '2001:db8:12:34::/64'],
    ['2001:db8:12:35::9', '2001:db8:12:35::/64'],
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s is %s', (address, network) => {
    expect(listenerNetwork(address)).toBe(network);
  });

  test.each([
    ['203.0.113.7', '203.0.113.0/24'],
    ['203.0.113.250', '203.0.113.0/24'],
    ['::ffff:203.0.113.7', '203.0.113.0/24'],
    ['2001:db8:12:34:aaaa::1', '2001:db8:12::/48'],
    ['2001:db8:12:ffff::1', '2001:db8:12::/48'],
  ])('of %s is %s where it is cut', (address, network) => {
    expect(listenerNetwork(address, 'coarse')).toBe(network);
  });

  test.each(['', 'x', '203.0.113', '203.0.113.256', '0x7f.1', '017700000001', '1.2.3.4, 5.6.7.8', '::g'])(
    '%p is none',
    (text) => {
      expect(listenerNetwork(text)).toBeUndefined();
    },
  );
});
