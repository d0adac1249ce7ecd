import ipaddr from 'ipaddr.js';

/** Global unicast (RFC 4291 §2.4): the only IPv6 block that is routed on the internet. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/**
 * True for an address that a request made on a tenant's behalf may reach: global unicast, and no address that
 * carries another one inside (IPv4-mapped, NAT64, 6to4, Teredo), because the other one would go unchecked.
 * @param ip address in the usual notation, without brackets. Anything else, zones included, is not public.
 */
export function isPublicAddress(ip: string): boolean {
  // ipaddr.js also reads forms such as "127.1"; only what the resolver and URL parser produce is accepted here.
  if (ip.includes('%') || !(ipaddr.IPv4.isValidFourPartDecimal(ip) || ipaddr.IPv6.isValid(ip))) return false;
  const address = ipaddr.parse(ip);
  if (address.range() !== 'unicast') return false;
  return address.kind() === 'ipv4' || address.match(GLOBAL_IPV6);
}
