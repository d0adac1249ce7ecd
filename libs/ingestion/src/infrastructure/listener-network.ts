import ipaddr from 'ipaddr.js';

/**
 * The network that stands for a listener's household: an IPv4 address whole, an IPv6 address cut to its first 64 bits.
 * IPv4-mapped addresses are unwrapped first; otherwise all of them would fall into one /64 (PTMG v2.3 §5.5.4, §6.2).
 *
 * @returns the canonical text, or undefined when `address` is not an address
 */
export function listenerNetwork(address: string): string | undefined {
  const bare = address.split('%', 1)[0] ?? '';
  if (!ipaddr.isValid(bare) || (!bare.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(bare)))
    return undefined;
  const parsed = ipaddr.process(bare);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const parts = (parsed as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
}
