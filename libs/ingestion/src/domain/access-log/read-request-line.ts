import { isMethod, requestTarget, type RequestTarget } from './request-target.js';

/** A request line (RFC 9112 §3) as one field of a log, or in parts, whichever the log has. */
export interface LoggedRequestLine {
  readonly line: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly query: string | null;
}

/** Reads what was asked for, and how. Undefined for what no client of HTTP sends, such as the first bytes of TLS. */
export function readRequestLine(
  logged: LoggedRequestLine,
): (RequestTarget & { readonly method: string }) | undefined {
  const [method, rest] = logged.line === null ? [logged.method, null] : cut(logged.line);
  const text = logged.target ?? rest;
  if (method === null || text === null || !isMethod(method)) return undefined;
  const target = requestTarget(text);
  return target && { method, host: target.host, path: target.path, query: target.query ?? logged.query };
}

/** Method and target. A target may hold blanks, the method and the protocol may not. */
function cut(line: string): [string | null, string | null] {
  const first = line.indexOf(' ');
  if (first < 0) return [null, null];
  const last = line.lastIndexOf(' ');
  const hasProtocol = last > first && line.startsWith('HTTP/', last + 1);
  return [line.slice(0, first), line.slice(first + 1, hasProtocol ? last : undefined)];
}
