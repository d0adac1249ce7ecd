import { parseUrl } from '@lib/primitives';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import https from 'node:https';
import { FeedFetchFailed } from '../domain/feed.errors.js';
import { retryAfterSeconds } from '../domain/retry-after-seconds.js';
import { FEED_LIMITS } from './feed-limits.js';
import {
  checkOutboundUrl,
  outboundLookup,
  type OutboundPolicy,
  OutboundRefused,
  PUBLIC_INTERNET,
} from './outbound-policy.js';
import { ACCEPTED_ENCODINGS, readFeedBody } from './read-feed-body.js';
import { redirectTarget } from './redirect-target.js';

/** What a request waits for. @param host with its port where that is not the usual one */
export type BeforeRequest = (host: string) => Promise<void>;

/** How a feed is fetched. */
export interface FetchFeedOptions {
  readonly userAgent: string;
  /** Accept header. Default: feeds. */
  readonly accept?: string;
  /** Validators of the copy at hand: with either, the server may answer that nothing has changed. */
  readonly etag?: string | null;
  readonly lastModified?: string | null;
  /**
   * Where that copy came from. No other address is asked with its validators, be it at the other end of a redirect: they
   * say nothing about what is there (RFC 9110 §8.8).
   */
  readonly copyUrl?: string | null;
  /** Of the body, before and after decompression. Default 32 MiB. */
  readonly maxBytes?: number;
  /** For everything together: names, connections, redirects, body. Default 30 s. */
  readonly timeoutMs?: number;
  /** Default 5. */
  readonly maxRedirects?: number;
  /** Lets feeds live in the operator's own network, on any port. Default false. */
  readonly allowPrivateAddresses?: boolean;
  /** Awaited before each request, redirects included, with the host and port it goes to. What it throws is thrown on. */
  readonly beforeRequest?: BeforeRequest;
  /** Parts of the policy that differ from `PUBLIC_INTERNET`. */
  readonly policy?: Partial<OutboundPolicy>;
}

/** A feed as its server sent it, decompressed. */
export interface FetchedFeed {
  readonly status: 'fetched';
  readonly bytes: Uint8Array;
  /** Header as sent; its charset goes to the parser. */
  readonly contentType: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
  readonly finalUrl: string;
  /** Where the feed has moved for good: the end of the permanent redirects that come before any temporary one. */
  readonly permanentRedirect: string | null;
}

/** The copy at hand is still what the server has. */
export interface UnchangedCopy {
  readonly status: 'not_modified';
  /** As of a fetched feed. */
  readonly permanentRedirect: string | null;
}

interface FetchContext {
  readonly policy: OutboundPolicy;
  readonly headersFor: (url: URL) => OutgoingHttpHeaders;
  readonly signal: AbortSignal;
  readonly beforeRequest: BeforeRequest | undefined;
}

/** Carries what `beforeRequest` threw past the reading of this module's own failures. */
class NotRequested extends Error {}

interface Arrival {
  readonly response: IncomingMessage;
  readonly finalUrl: URL;
  readonly permanentRedirect: string | null;
}

/**
 * Fetches a feed over http or https. Every connection, redirects included, goes only to addresses that the policy
 * allows; time, size and redirects are bounded; proxies of the environment are not used.
 * @throws FeedFetchFailed, and what `beforeRequest` throws
 */
export async function fetchFeed(
  url: string,
  options: FetchFeedOptions,
): Promise<FetchedFeed | UnchangedCopy> {
  const deadline = AbortSignal.timeout(options.timeoutMs ?? 30_000);
  const finished = new AbortController();
  const signal = AbortSignal.any([deadline, finished.signal]);
  const context = {
    policy: policyOf(options),
    headersFor: (to: URL) => headersOf(to, options),
    signal,
    beforeRequest: options.beforeRequest,
  };
  try {
    const arrival = await followRedirects(parseAddress(url), context, options.maxRedirects ?? 5);
    return await readArrival(arrival, options, signal);
  } catch (error) {
    throw error instanceof NotRequested ? error.cause : toFetchFailed(error, deadline);
  } finally {
    // Closes whatever connection a refusal left open.
    finished.abort();
  }
}

function policyOf({ allowPrivateAddresses, policy }: FetchFeedOptions): OutboundPolicy {
  const open = allowPrivateAddresses ? { allowsAddress: () => true, ports: null } : {};
  return { ...PUBLIC_INTERNET, ...open, ...policy };
}

const FEEDS = 'application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1';

function headersOf(url: URL, options: FetchFeedOptions): OutgoingHttpHeaders {
  const { etag, lastModified } = validatorsFor(url, options);
  return {
    'user-agent': options.userAgent,
    accept: options.accept ?? FEEDS,
    'accept-encoding': ACCEPTED_ENCODINGS,
    ...(etag ? { 'if-none-match': etag } : {}),
    ...(lastModified ? { 'if-modified-since': lastModified } : {}),
  };
}

function validatorsFor(
  url: URL,
  { copyUrl, etag, lastModified }: FetchFeedOptions,
): Pick<FetchFeedOptions, 'etag' | 'lastModified'> {
  return url.href === copyUrl ? { etag: etag ?? null, lastModified: lastModified ?? null } : {};
}

/** The URL parser drops tabs and line ends and turns backslashes round: such an address is refused instead. */
function parseAddress(url: string): URL {
  const parsed = url.length > 4096 || /[\s\\\p{Cc}]/u.test(url) ? undefined : parseUrl(url);
  if (parsed === undefined)
    throw new FeedFetchFailed('feed_url_invalid', 'the address of the feed is no URL');
  if (!/^https?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.password !== '') {
    throw new FeedFetchFailed('feed_url_invalid', 'a feed has an http or https address without credentials');
  }
  parsed.hash = '';
  return parsed;
}

async function followRedirects(start: URL, context: FetchContext, maxRedirects: number): Promise<Arrival> {
  let url = start;
  let permanentRedirect: string | null = null;
  let allPermanent = true;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    checkOutboundUrl(url, context.policy);
    await context.beforeRequest?.(url.host).catch((cause: unknown) => {
      throw new NotRequested('not requested', { cause });
    });
    const response = await request(url, context);
    const redirect = redirectTarget(url, response.statusCode ?? 0, response.headers.location);
    if (redirect === null) return { response, finalUrl: url, permanentRedirect };
    response.destroy();
    url = redirect.url;
    allPermanent &&= redirect.permanent;
    if (allPermanent) permanentRedirect = url.href;
  }
  throw new FeedFetchFailed('feed_redirects', `the server redirects more than ${maxRedirects} times`);
}

function request(url: URL, { policy, headersFor, signal }: FetchContext): Promise<IncomingMessage> {
  const { request: send } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // No agent: a kept connection could have been opened under another policy.
    const outgoing = send(
      url,
      { agent: false, headers: headersFor(url), signal, lookup: outboundLookup(policy) },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function readArrival(
  { response, finalUrl, permanentRedirect }: Arrival,
  options: FetchFeedOptions,
  signal: AbortSignal,
): Promise<FetchedFeed | UnchangedCopy> {
  const { statusCode = 0, headers } = response;
  const { etag, lastModified } = validatorsFor(finalUrl, options);
  if (statusCode === 304 && (etag || lastModified)) return { status: 'not_modified', permanentRedirect };
  if (statusCode !== 200) {
    const wait = retryAfterSeconds(headers['retry-after'], new Date());
    throw new FeedFetchFailed(
      'feed_status',
      `the server of the feed answers ${statusCode}`,
      statusCode,
      wait,
    );
  }
  return {
    status: 'fetched',
    bytes: await readFeedBody(response, options.maxBytes ?? FEED_LIMITS.maxBytes, signal),
    contentType: headers['content-type'] ?? null,
    etag: headers.etag ?? null,
    lastModified: headers['last-modified'] ?? null,
    finalUrl: finalUrl.href,
    permanentRedirect,
  };
}

/** Names only the kind of failure: a socket's own message would tell addresses of the operator's network. */
function toFetchFailed(error: unknown, deadline: AbortSignal): FeedFetchFailed {
  if (error instanceof FeedFetchFailed) return error;
  if (error instanceof OutboundRefused) return new FeedFetchFailed('feed_address_refused', error.message);
  if (deadline.aborted) return new FeedFetchFailed('feed_timeout', 'the feed did not arrive in time');
  const code =
    typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
  if (/^(?:Z_|ERR__ERROR|ERR_BROTLI)/.test(code)) {
    return new FeedFetchFailed('feed_encoding', 'the compressed feed is damaged or cut off');
  }
  return new FeedFetchFailed('feed_network', `the connection to the feed's server failed (${code})`);
}
