import type ipaddr from 'ipaddr.js';
import { parseAddress } from './parse-address.js';

/**
 * The network that stands for a listener's household: an IPv4 address whole, an IPv6 address cut to its first 64 bits.
 * IPv4-mapped addresses are unwrapped first; otherwise all of them would fall into one /64 (PTMG v2.3 §5.5.4, §6.2).
 *
 * @returns the canonical text, or undefined when `address` is not an address
 */
export function listenerNetwork(address: string): string | undefined {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const parts = (parsed as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
}
