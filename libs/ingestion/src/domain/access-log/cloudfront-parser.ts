import { bodyBytes } from './body-bytes.js';
import { decodePercent } from './decode-percent.js';
import type { LineFault } from './line-fault.js';
import type { LineParser, LoggedLine } from './line-parser.js';
import { loggedBytes, loggedStatus } from './logged-number.js';
import { isoTimeMs } from './logged-time.js';
import { byteRange } from './range-header.js';
import { rememberingLast } from './remembering-last.js';
import { hostName, isMethod, requestTarget } from './request-target.js';

const FIELDS = '#Fields:';

/**
 * Reads standard logs of Amazon CloudFront: tab-separated columns in the order that the last `#Fields` line gives, `-`
 * for an empty one.
 *
 * - `date` and `time` are UTC and tell the end of the response; they are taken as they are.
 * - `sc-bytes` counts response headers in; see {@link bodyBytes} for what is made of it.
 * - The log percent-encodes what viewers send, once, so that it is decoded once. Where the request itself was encoded,
 *   that second layer belongs to it and stays.
 * - There is no column for the Range header. `sc-range-start` and `-end` are the response's Content-Range.
 * - `x-forwarded-for` is the viewer's own word and not believed.
 */
export function cloudFrontParser(): LineParser {
  let columns: Columns | undefined;
  const readers = { timeMs: rememberingLast(isoTimeMs), hostOf: rememberingLast(hostName) };
  return (line) => {
    if (line.startsWith(FIELDS)) columns = readColumns(line);
    if (line === '' || line.startsWith('#')) return null;
    return columns === undefined ? { rule: 'no_columns' } : parseRow(line.split('\t'), columns, readers);
  };
}

/** Where each field stands; -1 for one that this log does not have. */
interface Columns {
  readonly count: number;
  readonly addresses: readonly number[];
  readonly at: Readonly<Record<keyof typeof NAMES, number>>;
}

interface Readers {
  readonly timeMs: (text: string) => number | undefined;
  readonly hostOf: (text: string) => string | null;
}

const NAMES = {
  date: 'date',
  time: 'time',
  sentBytes: 'sc-bytes',
  address: 'c-ip',
  method: 'cs-method',
  distribution: 'cs(Host)',
  stem: 'cs-uri-stem',
  status: 'sc-status',
  referrer: 'cs(Referer)',
  userAgent: 'cs(User-Agent)',
  query: 'cs-uri-query',
  result: 'x-edge-result-type',
  requestId: 'x-edge-request-id',
  host: 'x-host-header',
  responseResult: 'x-edge-response-result-type',
  contentLength: 'sc-content-len',
  rangeStart: 'sc-range-start',
  rangeEnd: 'sc-range-end',
} as const;
const NEEDED = ['date', 'time', 'address', 'method', 'stem', 'status', 'sentBytes'] as const;
const ADDRESSES = ['c-ip', 'x-forwarded-for'];

function readColumns(line: string): Columns | undefined {
  const names = line.slice(FIELDS.length).trim().split(/\s+/);
  const at = Object.fromEntries(
    Object.entries(NAMES).map(([key, name]) => [key, names.indexOf(name)]),
  ) as Columns['at'];
  if (NEEDED.some((key) => at[key] < 0)) return undefined;
  const addresses = ADDRESSES.map((name) => names.indexOf(name)).filter((index) => index >= 0);
  return { count: names.length, addresses, at };
}

function parseRow(
  row: string[],
  { count, addresses, at }: Columns,
  { timeMs, hostOf }: Readers,
): LoggedLine | LineFault {
  if (row.length !== count) return { rule: 'form' };
  const field = (index: number): string | null => {
    const text = row[index];
    return text === undefined || text === '-' || text === '' ? null : text;
  };
  const occurredAtMs = timeMs(`${row[at.date] ?? ''}T${row[at.time] ?? ''}Z`);
  if (occurredAtMs === undefined) return { rule: 'time' };
  const method = row[at.method] ?? '';
  const target = requestTarget(decodePath(row[at.stem] ?? ''));
  if (target === undefined || !isMethod(method)) return { rule: 'request' };
  const status = loggedStatus(field(at.status));
  if (status === undefined) return { rule: 'status' };
  const sentBytes = loggedBytes(field(at.sentBytes));
  const contentLength = loggedBytes(field(at.contentLength));
  if (sentBytes === undefined || contentLength === undefined) return { rule: 'bytes' };
  const wasCut = field(at.result) === 'Error' && (field(at.responseResult) ?? 'Error') !== 'Error';
  const request = {
    occurredAtMs,
    address: field(at.address),
    method,
    host: hostOf(field(at.host) ?? field(at.distribution) ?? ''),
    path: target.path,
    query: decoded(field(at.query)),
    status,
    bytesServed: sentBytes === null ? null : bodyBytes({ method, status, sentBytes, contentLength, wasCut }),
    rangeAsked: null,
    rangeServed: byteRange(field(at.rangeStart), field(at.rangeEnd)),
    userAgent: decoded(field(at.userAgent)),
    referrer: decoded(field(at.referrer)),
    requestId: field(at.requestId),
  };
  for (const index of addresses) row[index] = '';
  return { request, blankedLine: request.requestId === null ? row.join('\t') : null };
}

function decoded(text: string | null): string | null {
  return text === null ? null : decodePercent(text);
}

/** A path that decoding would give characters that no client sends was not encoded by the log: it stays as it is. */
function decodePath(stem: string): string {
  const path = decodePercent(stem);
  return /^[\x21-\x7e]*$/.test(path) ? path : stem;
}
