import { expect, test } from '@jest/globals';
import { isPublicAddress } from './outbound-address.js';

test.each([
  '1.1.1.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2a00:1450:4001::64',
])('%s is public', (ip) => {
  expect(isPublicAddress(ip)).toBe(true);
});

test.each([
  // IPv4: this network, private, shared, loopback, link-local, protocol, test, benchmark, multicast, reserved
  '0.0.0.0', '0.1.2.3', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255',
  '127.0.0.1', '127.255.255.254', '169.254.169.254', '192.0.0.8', '192.0.2.1', '192.88.99.1', '198.18.0.1',
  '198.19.255.255', '198.51.100.9', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255',
  // IPv6: unspecified, loopback, link-local, site-local, unique local, multicast, documentation, discard, unassigned
  '::', '::1', 'fe80::1', 'febf::1', 'fec0::1', 'fc00::1', 'fd00::1', 'fdff::1', 'ff02::1', '2001:db8::1',
  '3fff::1', '100::1', '4000::1', '5f00::1', '1::1',
  // IPv6 that carries an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo
  '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::7f00:1', '2002:7f00:1::', '2002:a9fe:a9fe::1',
  '2001:0:7f00:1::1',
  // no addresses, or not in the usual notation
  '', 'localhost', '127.1', '0177.0.0.1', '0x7f.0.0.1', '2130706433', '8.8.8.8 ', '[::1]', 'fe80::1%eth0',
  '2606:4700::1111%eth0', '1.2.3', '08.8.8.8',
])('"%s" is not', (ip) => {
  expect(isPublicAddress(ip)).toBe(false);
}); // prettier-ignore
