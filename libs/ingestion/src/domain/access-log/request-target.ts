/** What a request line asks for. */
export interface RequestTarget {
  /** Where the target names one, as requests to a proxy do. */
  readonly host: string | null;
  readonly path: string;
  readonly query: string | null;
}

const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/is;

/**
 * Takes a request target apart (RFC 9112 §3.2). The path is kept as it was sent.
 * @returns undefined for a path that no file can have: empty, or with control characters or half a surrogate pair in it
 */
export function requestTarget(target: string): RequestTarget | undefined {
  if (target.startsWith('/')) return cutQuery(null, target);
  const [, authority, rest] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined || rest === undefined) return cutQuery(null, target);
  return cutQuery(hostName(authority), rest.startsWith('/') ? rest : `/${rest}`);
}

function cutQuery(host: string | null, target: string): RequestTarget | undefined {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!isPath(path)) return undefined;
  return { host, path, query: mark < 0 || mark === target.length - 1 ? null : target.slice(mark + 1) };
}

function isPath(path: string): boolean {
  return (path.startsWith('/') || path === '*') && !/\p{Cc}/u.test(path) && path.isWellFormed();
}

/** A host as it is compared: lower case, without the ports that need not be named. Null for none. */
export function hostName(text: string | null): string | null {
  if (text === null || text === '' || /[\p{Cc}\s/]/u.test(text)) return null;
  const host = text.toLowerCase().replace(/:(?:80|443)$/, '');
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

/** Whether a text can be a method: capital letters and dashes, as every registered one. */
export function isMethod(text: string): boolean {
  return /^[A-Z][A-Z-]{1,19}$/.test(text);
}
