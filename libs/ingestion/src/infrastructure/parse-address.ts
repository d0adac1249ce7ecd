import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { AddressKey } from '../domain/classification/address-key.js';
import type { AddressRange } from '../domain/classification/range-table.js';

/** What stands before an IPv4 address among IPv6 (RFC 4291 §2.5.5.2). */
const MAPPED = '\0\0\0\0\0\uffff';
const MAPPED_BITS = 96;

/**
 * Reads an address in its usual notation, a zone aside. IPv4-mapped addresses are unwrapped; short forms of IPv4
 * (`127.1`, `0x7f.1`) are none.
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (!bare.includes(':')) return isIPv4(bare) ? new ipaddr.IPv4(bare.split('.').map(Number)) : undefined;
  if (!ipaddr.IPv6.isValid(bare)) return undefined;
  const address = ipaddr.IPv6.parse(bare);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

/** The key of an address; undefined for text that is none. */
export function addressKey(text: string): AddressKey | undefined {
  const address = parseAddress(text);
  return address && keyOf(address);
}

/** A block in CIDR notation, or a single address; undefined when it is none, or has bits set behind its prefix. */
export function addressRange(text: string): AddressRange | undefined {
  const [base = '', prefix, ...others] = text.split('/');
  if (others.length > 0 || base.includes('%') || (prefix !== undefined && !/^[0-9]{1,3}$/.test(prefix))) {
    return undefined;
  }
  const address = parseAddress(base);
  if (address === undefined) return undefined;
  const isIpv4 = address.kind() === 'ipv4';
  // A block of IPv4-mapped addresses counts its bits from the front of IPv6.
  const offset = isIpv4 && !base.includes(':') ? MAPPED_BITS : 0;
  const bits = prefix === undefined ? 128 : Number(prefix) + offset;
  if (bits > 128 || (isIpv4 && bits < MAPPED_BITS)) return undefined;
  return blockOf(keyOf(address), bits);
}

/** The key of an address that is parsed. */
export function keyOf(address: ipaddr.IPv4 | ipaddr.IPv6): AddressKey {
  if (!('octets' in address)) return String.fromCharCode(...address.parts);
  const [a = 0, b = 0, c = 0, d = 0] = address.octets;
  return MAPPED + String.fromCharCode((a << 8) | b, (c << 8) | d);
}

/** From an address to the one in which every bit behind the prefix is set; undefined when one is set already. */
function blockOf(first: AddressKey, prefixBits: number): AddressRange | undefined {
  let last = '';
  for (let at = 0; at < first.length; at += 1) {
    const free = 0xffff >> Math.min(Math.max(prefixBits - at * 16, 0), 16);
    const unit = first.charCodeAt(at);
    if ((unit & free) !== 0) return undefined;
    last += String.fromCharCode(unit | free);
  }
  return { first, last };
}
