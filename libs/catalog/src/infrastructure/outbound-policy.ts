import { type LookupAddress, promises as dns } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from './outbound-address.js';

/** Where requests on a tenant's behalf may go. */
export interface OutboundPolicy {
  /** Asked for every address of a host, on every connection, redirects included. */
  readonly allowsAddress: (ip: string) => boolean;
  /** Null allows every port. */
  readonly ports: ReadonlySet<number> | null;
  /** Host names in lower case that are never asked: our own. */
  readonly refusedHosts: ReadonlySet<string>;
  readonly resolve: (hostname: string) => Promise<LookupAddress[]>;
}

/** Only the internet, only the usual ports of web servers. */
export const PUBLIC_INTERNET: OutboundPolicy = {
  allowsAddress: isPublicAddress,
  ports: new Set([80, 443, 8080, 8443]),
  refusedHosts: new Set(),
  resolve: (hostname) => dns.lookup(hostname, { all: true }),
};

/** The policy forbids this address, host or port. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/**
 * Judges what can be judged before a connection: scheme, credentials, port, host, and addresses written as such,
 * for which Node never asks the lookup below.
 * @throws OutboundRefused
 */
export function checkOutboundUrl(url: URL, { allowsAddress, ports, refusedHosts }: OutboundPolicy): void {
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:')
    throw new OutboundRefused('only http and https addresses are fetched');
  if (url.username !== '' || url.password !== '')
    throw new OutboundRefused('addresses with credentials are refused');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  if (ports !== null && !ports.has(port)) throw new OutboundRefused(`port ${port} is refused`);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '' || refusedHosts.has(host)) throw new OutboundRefused('this host is refused');
  if (isIP(host) !== 0 && !allowsAddress(host)) throw new OutboundRefused('this address is refused');
}

/**
 * A `lookup` for Node's sockets that answers only with addresses that the policy allows. It runs at the moment of
 * the connection and the socket uses its very answer, so a name cannot change in between (DNS rebinding). One
 * forbidden address among several refuses the host.
 */
export function outboundLookup({ allowsAddress, resolve }: OutboundPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then((addresses) => {
        const [first] = addresses;
        if (!first) throw new Error(`${hostname} has no address`);
        if (!addresses.every(({ address }) => allowsAddress(address))) {
          throw new OutboundRefused('the host has an address that is refused');
        }
        if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      })
      .catch((error: unknown) => callback(error as NodeJS.ErrnoException, []));
  };
}
