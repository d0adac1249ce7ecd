import { PREFIX_HOSTS } from './prefix-hosts.js';

/** As in the check of the table. */
const MAX_LENGTH = 253;

/**
 * The hosts, with a port that is not the scheme's own, of files that are known by these media keys. Measurement prefixes
 * are none: they lead almost anywhere, so nothing may be redirected to them without looking behind.
 */
export function mediaHosts(mediaKeys: readonly string[]): string[] {
  const hosts = mediaKeys.map((key) => /^[^/]+(?=\/)/.exec(key)?.[0] ?? '');
  const usable = hosts.filter((host) => host !== '' && host.length <= MAX_LENGTH && !PREFIX_HOSTS.has(host));
  return [...new Set(usable)];
}
