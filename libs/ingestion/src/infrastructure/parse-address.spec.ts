import { describe, expect, test } from '@jest/globals';
import { addressKey, addressRange } from './parse-address.js';

const key = (...units: number[]) => String.fromCharCode(...units);

describe('the key of an address', () => {
  test.each([
    ['0.0.0.0', key(0, 0, 0, 0, 0, 0xffff, 0, 0)],
    ['203.0.113.7', key(0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7107)],
    ['::ffff:203.0.113.7', key(0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7107)],
    ['::ffff:cb00:7107', key(0, 0, 0, 0, 0, 0xffff, 0xcb00, 0x7107)],
    ['255.255.255.255', key(0, 0, 0, 0, 0, 0xffff, 0xffff, 0xffff)],
    ['::', key(0, 0, 0, 0, 0, 0, 0, 0)],
    ['2001:db8::1', key(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)],
    ['2001:DB8:0::1', key(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)],
    ['fe80::1%eth0', key(0xfe80, 0, 0, 0, 0, 0, 0, 1)],
  ])('%s', (address, expected) => {
    expect(addressKey(address)).toBe(expected);
  });

  test.each(['', 'x', '127.1', '0x7f.1', '017700000001', '1.2.3.4.5', '::g', '1.2.3.4/24'])(
    '%p has none',
    (text) => {
      expect(addressKey(text)).toBeUndefined();
    },
  );
});

describe('the range of a block', () => {
  test.each([
    ['203.0.113.0/24', '203.0.113.0', '203.0.113.255'],
    ['203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['203.0.113.7/32', '203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.0/120', '203.0.113.0', '203.0.113.255'],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['2001:db8:a000::/36', '2001:db8:a000::', '2001:db8:afff:ffff:ffff:ffff:ffff:ffff'],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:db8::1', '2001:db8::1', '2001:db8::1'],
  ])('%s', (block, first, last) => {
    expect(addressRange(block)).toEqual({ first: addressKey(first), last: addressKey(last) });
  });

  test.each([
    ...[
      '',
      'x',
      '/24',
      '203.0.113.0/',
      '203.0.113.0/33',
      '2001:db8::/129',
      '203.0.113.0/24/8',
      '203.0.113.0/+8',
    ],
    ...[
      '203.0.113.7/24',
      '2001:db8::1/64',
      'fe80::%eth0/64',
      '::ffff:203.0.113.0/24',
      '203.0.113/24',
      '203.0.113.0/1e1',
    ],
  ])('%p is no block', (text) => {
    expect(addressRange(text)).toBeUndefined();
  });
});
