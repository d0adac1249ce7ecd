import type { LineFault } from './line-fault.js';
import type { LineParser, LoggedLine } from './line-parser.js';
import type { LoggedRequest } from './logged-request.js';
import { isoTimeMs } from './logged-time.js';
import { rangeHeader } from './range-header.js';
import { hostName, isMethod, requestTarget } from './request-target.js';

/**
 * Reads our own format: one JSON object a line, with the fields of {@link LoggedRequest}, but the time in RFC 3339 as
 * `occurredAt`. What is unknown is null or left out; needed are `occurredAt`, `method` and `path`.
 *
 *     {"occurredAt":"2026-10-15T01:17:19.250Z","address":"203.0.113.7","method":"GET","host":"cdn.example",
 *      "path":"/1.mp3","query":"a=b","status":206,"bytesServed":600000,"rangeAsked":"bytes=0-599999",
 *      "rangeServed":{"from":0,"to":600000},"userAgent":"AntennaPod/3.9.4","referrer":null,"requestId":"7f3a…"}
 *
 * `bytesServed` has no response headers in it, `rangeServed` is half-open, and a query may also stand behind the path.
 */
export function ndjsonParser(): LineParser {
  return (line) => (line.trim() === '' ? null : parseObject(line));
}

function parseObject(line: string): LoggedLine | LineFault {
  const entry = parseJson(line);
  if (entry === undefined) return { rule: 'form' };
  if (Object.keys(entry).some((key) => !KNOWN.has(key))) return { rule: 'field' };
  const text = (key: keyof LoggedRequest | 'occurredAt'): string | null => {
    const value = entry[key];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const wrong = TEXTS.some((key) => typeof (entry[key] ?? '') !== 'string');
  if (wrong) return { rule: 'field' };
  const occurredAtMs = isoTimeMs(text('occurredAt') ?? '');
  const target = requestTarget(text('path') ?? '');
  const method = text('method') ?? '';
  const status = count(entry.status, 999);
  const bytesServed = count(entry.bytesServed, Number.MAX_SAFE_INTEGER);
  const rangeServed = range(entry.rangeServed);
  if (occurredAtMs === undefined) return { rule: 'time' };
  if (target === undefined || !isMethod(method)) return { rule: 'request' };
  if (status === undefined) return { rule: 'status' };
  if (bytesServed === undefined) return { rule: 'bytes' };
  if (rangeServed === undefined) return { rule: 'range' };
  const request: LoggedRequest = {
    occurredAtMs,
    address: text('address'),
    method,
    host: hostName(text('host')) ?? target.host,
    path: target.path,
    query: target.query ?? text('query'),
    status,
    bytesServed,
    rangeAsked: rangeHeader(text('rangeAsked')),
    rangeServed,
    userAgent: text('userAgent'),
    referrer: text('referrer'),
    requestId: text('requestId'),
  };
  return { request, blankedLine: request.requestId === null ? withoutAddress(entry, rangeServed) : null };
}

/**
 * The line without its address, with its keys in order, so that two writers who order them differently say the same.
 * Written out, because to sort the keys of every line takes as long as all else that is done to it.
 */
function withoutAddress(entry: Entry, rangeServed: LoggedRequest['rangeServed']): string {
  const fields = {
    address: undefined,
    bytesServed: entry['bytesServed'],
    host: entry['host'],
    method: entry['method'],
    occurredAt: entry['occurredAt'],
    path: entry['path'],
    query: entry['query'],
    rangeAsked: entry['rangeAsked'],
    rangeServed: rangeServed === null ? entry['rangeServed'] : { from: rangeServed.from, to: rangeServed.to },
    referrer: entry['referrer'],
    requestId: entry['requestId'],
    status: entry['status'],
    userAgent: entry['userAgent'],
  } satisfies Record<(typeof FIELDS)[number], unknown>;
  return JSON.stringify(fields);
}

const TEXTS = [
  'occurredAt',
  'address',
  'method',
  'host',
  'path',
  'query',
  'rangeAsked',
  'userAgent',
  'referrer',
  'requestId',
] as const;
const FIELDS = [...TEXTS, 'status', 'bytesServed', 'rangeServed'] as const;
const KNOWN: ReadonlySet<string> = new Set(FIELDS);

type Entry = Readonly<Record<string, unknown>>;

function parseJson(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Entry)
      : undefined;
  } catch {
    return undefined;
  }
}

/** An integer of 0 to `most`, or null; undefined for anything else. */
function count(value: unknown, most: number): number | null | undefined {
  if (value === undefined || value === null) return null;
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
    ? value
    : undefined;
}

function range(value: unknown): LoggedRequest['rangeServed'] | undefined {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return undefined;
  const { from, to, ...others } = value as Record<string, unknown>;
  if (!isByte(from) || !isByte(to) || Object.keys(others).length > 0) return undefined;
  return from < to ? { from, to } : undefined;
}

function isByte(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
