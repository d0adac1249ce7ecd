import { resolveFeedUrl } from './resolve-feed-url.js';

/** Longer addresses do not fit the index by which a feed's podcast is found. */
const MAX_LENGTH = 2048;

/**
 * The form in which the address of a feed is stored and compared: absolute, http or https, percent-encoded, without
 * fragment and credentials.
 * @returns null when there is none, or it is longer than 2,048 characters
 */
export function feedAddress(written: string | null | undefined): string | null {
  const href = resolveFeedUrl(written, null)?.href ?? '';
  return href === '' || href.length > MAX_LENGTH ? null : href;
}
