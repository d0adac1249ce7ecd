import { bodyBytes } from './body-bytes.js';
import type { LogFormat } from './compile-log-format.js';
import type { LineFault } from './line-fault.js';
import type { LineParser, LoggedLine } from './line-parser.js';
import { loggedBytes, loggedStatus } from './logged-number.js';
import { epochTimeMs, isoTimeMs, localTimeMs } from './logged-time.js';
import { contentRange, rangeHeader } from './range-header.js';
import { readRequestLine } from './read-request-line.js';
import { rememberingLast } from './remembering-last.js';
import { hostName } from './request-target.js';
import { cutLogLine, splitLogLine } from './split-log-line.js';
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
  const at = Object.fromEntries(
    Object.entries(MEANINGS).map(([key, variables]) => [key, firstOf(names, variables)]),
  ) as Template['at'];
  const template = { format, at, addresses: names.map(holdsAddress), localMs: rememberingLast(localTimeMs) };
  return (line) => {
    if (line === '') return null;
    const values = splitLogLine(line, format);
    return values === undefined ? { rule: 'form' } : readValues(line, values, template);
  };
}

interface Template {
  readonly format: LogFormat;
  /** Where each meaning stands among the variables; -1 for one that the format does not have. */
  readonly at: Readonly<Record<keyof typeof MEANINGS, number>>;
  /** For each variable, whether it can hold an address. */
  readonly addresses: readonly boolean[];
  readonly localMs: typeof localTimeMs;
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

function firstOf(names: readonly string[], wanted: readonly string[]): number {
  const name = wanted.find((each) => names.includes(each));
  return name === undefined ? -1 : names.indexOf(name);
}

/** Whether a variable can hold the address of a client, in whatever header a proxy has put it. */
function holdsAddress(name: string): boolean {
  return /_addr$|forwarded|_ip$/.test(name);
}

/** The value of a field; null where the format has none, or the line an empty one. */
type Field = (index: number) => string | null;

function readValues(line: string, values: readonly string[], template: Template): LoggedLine | LineFault {
  const { at, format, addresses } = template;
  const hasEscapes = line.includes('\\');
  const field: Field = (index) => {
    const text = values[index];
    if (text === undefined || text === '-' || text === '') return null;
    return hasEscapes ? unescapeLogged(text) : text;
  };
  const occurredAtMs = readTime(values, template);
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
  const request = {
    occurredAtMs,
    address: field(at.address),
    method: asked.method,
    host: hostName(field(at.host)) ?? asked.host,
    path: asked.path,
    query: asked.query,
    status,
    bytesServed,
    rangeAsked: rangeHeader(field(at.range)),
    rangeServed: contentRange(field(at.contentRange)),
    userAgent: field(at.userAgent),
    referrer: field(at.referrer),
    requestId: field(at.requestId),
  };
  if (request.requestId !== null) return { request, blankedLine: null };
  const isBlanked = (index: number): boolean =>
    addresses[index] === true || (index === at.range && request.rangeAsked === null);
  return { request, blankedLine: cutLogLine(line, values, format, isBlanked) };
}

function readTime(values: readonly string[], { at, localMs }: Template): number | undefined {
  const [epoch, iso, local] = [values[at.epochTime], values[at.isoTime], values[at.localTime]];
  const exact = epoch === undefined ? undefined : epochTimeMs(epoch);
  const whole = exact ?? (iso === undefined ? undefined : isoTimeMs(iso));
  return whole ?? (local === undefined ? undefined : localMs(local));
}

function readBytes(
  method: string,
  status: number | null,
  field: Field,
  at: Template['at'],
): number | null | undefined {
  // Apache's `%b` writes a dash for an empty body.
  if (at.bodyBytes >= 0) return loggedBytes(field(at.bodyBytes) ?? '0');
  const sentBytes = loggedBytes(field(at.sentBytes));
  const contentLength = loggedBytes(field(at.contentLength));
  if (sentBytes === undefined || contentLength === undefined) return undefined;
  return sentBytes && bodyBytes({ method, status, sentBytes, contentLength, wasCut: false });
}
