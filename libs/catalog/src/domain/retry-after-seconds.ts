const MAX_WAIT_SECONDS = 7 * 24 * 3600;

/**
 * How long a Retry-After header asks to wait (RFC 9110 §10.2.3), in seconds from `now`, at most a week.
 * @returns undefined for a missing or unreadable header
 */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  const seconds = /^\d{1,10}$/.test(text)
    ? Number(text)
    : Math.ceil((Date.parse(text) - now.getTime()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_WAIT_SECONDS);
}
