import { DomainError } from '@lib/primitives';
import ipaddr from 'ipaddr.js';
import { addressRange, parseAddress } from './parse-address.js';

/** The broadest blocks that may be listed: what belongs to one operator at most. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 19 } as const;
const MAPPED_BITS = 96;
const EVERY_IPV4 = addressRange('0.0.0.0/0');

/**
 * Reads a block of addresses, or a single address, that somebody wants to list.
 * @returns its one notation: IPv4-mapped blocks as IPv4, always with a prefix length
 * @throws DomainError `network_invalid`, `network_host_bits`, `network_too_broad` (400, field `network`)
 */
export function readNetwork(text: string): string {
  const [base = '', prefix] = text.split('/');
  const address = parseAddress(base);
  const range = addressRange(text);
  if (address === undefined || range === undefined) throw unreadable(text);
  const isIpv4 = address.kind() === 'ipv4';
  const wholeBits = isIpv4 ? 32 : 128;
  const bits =
    prefix === undefined ? wholeBits : Number(prefix) - (isIpv4 && base.includes(':') ? MAPPED_BITS : 0);
  // Mapped addresses lie in the first blocks of IPv6: such a block would silently mean every listener on IPv4.
  const holdsEveryIpv4 =
    EVERY_IPV4 !== undefined && range.first <= EVERY_IPV4.first && range.last >= EVERY_IPV4.last;
  if (bits < SHORTEST_PREFIX[address.kind()] || holdsEveryIpv4) throw tooBroad();
  return `${address.toString()}/${bits}`;
}

function unreadable(text: string): DomainError {
  const [base = ''] = text.split('/');
  const start = parseAddress(base) && blockAround(text);
  if (start === undefined)
    return refused('network_invalid', 'network must be a block such as 203.0.113.0/24 or 2001:db8:12::/48.');
  return refused('network_host_bits', `network has bits set behind its prefix. Do you mean ${start}?`);
}

/** The block that an address with a prefix length lies in. */
function blockAround(text: string): string | undefined {
  if (text.includes('%') || !/\/\d{1,3}$/.test(text) || !ipaddr.isValidCIDR(text)) return undefined;
  const family = text.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4;
  const prefix = text.split('/')[1] ?? '';
  return `${family.networkAddressFromCIDR(text).toString()}/${prefix}`;
}

function tooBroad(): DomainError {
  const { ipv4, ipv6 } = SHORTEST_PREFIX;
  return refused('network_too_broad', `network may be at most a /${ipv4} of IPv4 or a /${ipv6} of IPv6.`);
}

function refused(code: string, message: string): DomainError {
  return new DomainError(code, 400, message, { field: 'network' });
}
