import { bodyBytes } from './body-bytes.js';
import type { LogFormat } from './compile-log-format.js';
import type { LineFault } from './line-fault.js';
import type { LineParser, LoggedLine } from './line-parser.js';
import { loggedBytes, loggedStatus } from './logged-number.js';
import { epochTimeMs, isoTimeMs, localTimeMs } from './logged-time.js';
import { contentRange, rangeHeader } from './range-header.js';
import { readRequestLine } from './read-request-line.js';
import { hostName } from './request-target.js';
import { unescapeLogged } from './unescape-logged.js';

/**
 * Reads lines of a format that literal text and variables make up, such as nginx's and Apache's. Where the format has
 * several variables for one thing, the most exact one counts.
 *
 * `$body_bytes_sent` has no response headers in it. Where there is only `$bytes_sent`, see {@link bodyBytes} for what
 * is made of it.
 */
export function templateParser(format: LogFormat): LineParser {
  const names = format.variables.map(({ name }) => name);
  const columns = Object.fromEntries(
    Object.entries(MEANINGS).map(([key, variables]) => [key, firstOf(names, variables)]),
  ) as Columns;
  const addresses = names.map(holdsAddress);
  return (line) => {
    if (line === '') return null;
    const values = splitLine(line, format);
    return values === undefined ? { rule: 'form' } : readValues(values, columns, format, addresses);
  };
}

const MEANINGS = {
  address: ['remote_addr'],
  epochTime: ['msec'],
  isoTime: ['time_iso8601'],
  localTime: ['time_local'],
  requestLine: ['request'],
  method: ['request_method'],
  target: ['request_uri', 'uri'],
  args: ['args', 'query_string'],
  host: ['http_host', 'host', 'server_name'],
  status: ['status'],
  bodyBytes: ['body_bytes_sent'],
  sentBytes: ['bytes_sent'],
  contentLength: ['sent_http_content_length'],
  referrer: ['http_referer'],
  userAgent: ['http_user_agent'],
  range: ['http_range'],
  contentRange: ['sent_http_content_range'],
  requestId: ['request_id'],
} as const;

/** Where each meaning stands among the variables; -1 for one that the format does not have. */
type Columns = Readonly<Record<keyof typeof MEANINGS, number>>;

function firstOf(names: readonly string[], wanted: readonly string[]): number {
  const name = wanted.find((each) => names.includes(each));
  return name === undefined ? -1 : names.indexOf(name);
}

/** Whether a variable can hold the address of a client, in whatever header a proxy has put it. */
function holdsAddress(name: string): boolean {
  return /_addr$|forwarded|_ip$/.test(name);
}

/** The values of a line as they stand in it; undefined when it has another form. */
function splitLine(line: string, { lead, variables }: LogFormat): string[] | undefined {
  if (!line.startsWith(lead)) return undefined;
  const values: string[] = [];
  let at = lead.length;
  for (const { until } of variables) {
    const end = until === '' ? line.length : endOfValue(line, until, at);
    if (end < 0) return undefined;
    values.push(line.slice(at, end));
    at = end + until.length;
  }
  return at === line.length ? values : undefined;
}

/** Where the text comes that ends a value. A quote that a backslash escapes is part of the value. */
function endOfValue(line: string, until: string, from: number): number {
  let end = line.indexOf(until, from);
  if (until[0] !== '"') return end;
  while (end > 0 && isEscaped(line, end, from)) end = line.indexOf(until, end + 1);
  return end;
}

function isEscaped(line: string, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes > from && line[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function readValues(
  values: readonly string[],
  at: Columns,
  format: LogFormat,
  addresses: readonly boolean[],
): LoggedLine | LineFault {
  const field = (index: number): string | null => {
    const text = values[index];
    return text === undefined || text === '-' || text === '' ? null : unescapeLogged(text);
  };
  const occurredAtMs = readTime(values, at);
  if (occurredAtMs === undefined) return { rule: 'time' };
  const asked = readRequestLine({
    line: field(at.requestLine),
    method: field(at.method),
    target: field(at.target),
    query: field(at.args),
  });
  if (asked === undefined) return { rule: 'request' };
  const status = loggedStatus(field(at.status));
  if (status === undefined) return { rule: 'status' };
  const bytesServed = readBytes(asked.method, status, field, at);
  if (bytesServed === undefined) return { rule: 'bytes' };
  const rangeAsked = rangeHeader(field(at.range));
  const request = {
    occurredAtMs,
    address: field(at.address),
    method: asked.method,
    host: hostName(field(at.host)) ?? asked.host,
    path: asked.path,
    query: asked.query,
    status,
    bytesServed,
    rangeAsked,
    rangeServed: contentRange(field(at.contentRange)),
    userAgent: field(at.userAgent),
    referrer: field(at.referrer),
    requestId: field(at.requestId),
  };
  if (request.requestId !== null) return { request, blankedLine: null };
  const isBlank = (index: number): boolean =>
    addresses[index] === true || (index === at.range && rangeAsked === null);
  return { request, blankedLine: blankLine(values, format, isBlank) };
}

function readTime(values: readonly string[], at: Columns): number | undefined {
  const text = (index: number): string => values[index] ?? '';
  return epochTimeMs(text(at.epochTime)) ?? isoTimeMs(text(at.isoTime)) ?? localTimeMs(text(at.localTime));
}

function readBytes(
  method: string,
  status: number | null,
  field: (index: number) => string | null,
  at: Columns,
): number | null | undefined {
  // Apache's `%b` writes a dash for an empty body.
  if (at.bodyBytes >= 0) return loggedBytes(field(at.bodyBytes) ?? '0');
  const sentBytes = loggedBytes(field(at.sentBytes));
  const contentLength = loggedBytes(field(at.contentLength));
  if (sentBytes === undefined || contentLength === undefined || sentBytes === null) return sentBytes;
  return bodyBytes({ method, status, sentBytes, contentLength, wasCut: false });
}

/** The line again, without the values that `isBlank` names. */
function blankLine(
  values: readonly string[],
  { lead, variables }: LogFormat,
  isBlank: (index: number) => boolean,
): string {
  let line = lead;
  for (const [index, { until }] of variables.entries())
    line += (isBlank(index) ? '' : (values[index] ?? '')) + until;
  return line;
}
