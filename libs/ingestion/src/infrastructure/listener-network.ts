import type ipaddr from 'ipaddr.js';
import type { AddressPrecision } from '../domain/privacy/address-precision.js';
import { parseAddress } from './parse-address.js';

/**
 * The network that stands for a listener's household: an IPv4 address whole, an IPv6 address cut to its first 64 bits.
 * IPv4-mapped addresses are unwrapped first; otherwise all of them would fall into one /64 (PTMG v2.3 §5.5.4, §6.2).
 *
 * @param precision `coarse` cuts further: IPv4 to 24 bits, IPv6 to 48
 * @returns the canonical text, or undefined when `address` is not an address
 */
export function listenerNetwork(address: string, precision: AddressPrecision = 'whole'): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  if (parsed.kind() === 'ipv4') {
    const text = parsed.toString();
    return precision === 'whole' ? text : `${text.slice(0, text.lastIndexOf('.'))}.0/24`;
  }
  const bits = precision === 'whole' ? 64 : 48;
  const parts = (parsed as ipaddr.IPv6).parts.slice(0, bits / 16);
  return `${parts.map((part) => part.toString(16)).join(':')}::/${bits}`;
}
