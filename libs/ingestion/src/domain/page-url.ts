import { parseUrl } from '@lib/primitives';

const SCHEMES = /^(?:https?|(?:android|ios)-app):$/;

/** The address of a page, or of an app that opens one, that a Referer names; undefined where it names none. */
export function pageUrl(text: string): URL | undefined {
  const url = parseUrl(text);
  return url !== undefined && SCHEMES.test(url.protocol) ? url : undefined;
}
