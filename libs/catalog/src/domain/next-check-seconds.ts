const DAY_SECONDS = 24 * 3600;

/** How far a poll may lie from its time, so that feeds that came in together do not stay together. */
const JITTER = 0.1;

/** What is known when a feed has been polled. */
export interface PollCircumstances {
  /** The usual distance between two polls. */
  readonly intervalSeconds: number;
  /** Polls in a row that failed, this one included; 0 when it succeeded. */
  readonly failures: number;
  /** What the feed's server asked for. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * In how many seconds a feed is polled again: after the interval, ten per cent more or less. Every failure in a row
 * doubles it, up to a day, of which between three quarters and the whole are waited. Retry-After is honoured where it
 * asks for more.
 * @param random from 0, inclusive, to 1
 */
export function nextCheckSeconds(
  { intervalSeconds, failures, retryAfterSeconds = 0 }: PollCircumstances,
  random: number,
): number {
  const usual = intervalSeconds * (1 - JITTER + 2 * JITTER * random);
  const longest = Math.max(DAY_SECONDS, intervalSeconds);
  const backoff = Math.min(longest, intervalSeconds * 2 ** failures) * (1 - random / 4);
  return Math.ceil(Math.max(failures === 0 ? usual : Math.max(backoff, intervalSeconds), retryAfterSeconds));
}
