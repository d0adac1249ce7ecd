import type { LineFault } from './line-fault.js';
import type { LineParser, LoggedLine } from './line-parser.js';
import type { LoggedRequest } from './logged-request.js';
import { isoTimeMs } from './logged-time.js';
import { rangeHeader } from './range-header.js';
import { rememberingLast } from './remembering-last.js';
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
  const readers = { timeMs: rememberingLast(isoTimeMs), hostOf: rememberingLast(hostName) };
  return (line) => {
    const entry = parseJson(line);
    if (entry !== undefined) return parseEntry(entry, readers);
    return line.trim() === '' ? null : { rule: 'form' };
  };
}

interface Readers {
  readonly timeMs: (text: string) => number | undefined;
  readonly hostOf: (text: string) => string | null;
}

function parseEntry(entry: JsonObject, { timeMs, hostOf }: Readers): LoggedLine | LineFault {
  if (!isEntry(entry)) return { rule: 'field' };
  const occurredAtMs = timeMs(entry.occurredAt ?? '');
  if (occurredAtMs === undefined) return { rule: 'time' };
  const target = requestTarget(entry.path ?? '');
  const method = entry.method ?? '';
  if (target === undefined || !isMethod(method)) return { rule: 'request' };
  const status = count(entry.status, 999);
  if (status === undefined) return { rule: 'status' };
  const bytesServed = count(entry.bytesServed, Number.MAX_SAFE_INTEGER);
  if (bytesServed === undefined) return { rule: 'bytes' };
  const rangeServed = range(entry.rangeServed);
  if (rangeServed === undefined) return { rule: 'range' };
  const request: LoggedRequest = {
    occurredAtMs,
    address: text(entry.address),
    method,
    host: hostOf(entry.host ?? '') ?? target.host,
    path: target.path,
    query: target.query ?? text(entry.query),
    status,
    bytesServed,
    rangeAsked: rangeHeader(text(entry.rangeAsked)),
    rangeServed,
    userAgent: text(entry.userAgent),
    referrer: text(entry.referrer),
    requestId: text(entry.requestId),
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
    bytesServed: entry.bytesServed,
    host: entry.host,
    method: entry.method,
    occurredAt: entry.occurredAt,
    path: entry.path,
    query: entry.query,
    rangeAsked: entry.rangeAsked,
    rangeServed: rangeServed === null ? entry.rangeServed : { from: rangeServed.from, to: rangeServed.to },
    referrer: entry.referrer,
    requestId: entry.requestId,
    status: entry.status,
    userAgent: entry.userAgent,
  } satisfies Record<keyof Entry, unknown>;
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
const OTHERS = ['status', 'bytesServed', 'rangeServed'] as const;
const IS_TEXT: ReadonlyMap<string, boolean> = new Map([
  ...TEXTS.map((name) => [name, true] as const),
  ...OTHERS.map((name) => [name, false] as const),
]);

type JsonObject = Readonly<Record<string, unknown>>;

/** A line with no other fields than ours, texts where texts belong. */
type Entry = Readonly<
  Partial<Record<(typeof TEXTS)[number], string | null> & Record<(typeof OTHERS)[number], unknown>>
>;

function isEntry(object: JsonObject): object is Entry {
  for (const name in object) {
    const isText = IS_TEXT.get(name);
    if (isText === undefined) return false;
    const value = object[name];
    if (isText && value !== null && typeof value !== 'string') return false;
  }
  return true;
}

function parseJson(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A field's text; an empty one says nothing. */
function text(value: string | null | undefined): string | null {
  return value === undefined || value === '' ? null : value;
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
