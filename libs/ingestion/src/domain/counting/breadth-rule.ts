import { MINUTE_MS } from '@lib/primitives';
import type { CountingRules } from './counting-rules.js';
import type { DownloadRequest } from './download-request.js';
import { utcDay } from './utc-day.js';

/**
 * Finds listeners who sweep a catalogue: one address and agent that asks for more than `limit.episodes` different
 * episodes within `limit.minutes` (half-open) on a UTC day. None of that day's requests counts then. As with volume, the
 * day is UTC in every window, evidence is kept apart, and the inclusion list lifts the limit.
 * @param requests those that passed the rules before, in the order of time
 * @returns whether a request is one of such a listener
 */
export function breadthRule(
  requests: readonly DownloadRequest[],
  limit: NonNullable<CountingRules['breadth']>,
): (request: DownloadRequest) => boolean {
  const days = new Map<string, DownloadRequest[]>();
  for (const request of requests) {
    const key = listenerDay(request);
    if (key === undefined) continue;
    const day = days.get(key);
    if (day === undefined) days.set(key, [request]);
    else day.push(request);
  }
  const broad = new Set<string>();
  for (const [key, day] of days) {
    if (day.length > limit.episodes && isBroad(day, limit.episodes, limit.minutes * MINUTE_MS))
      broad.add(key);
  }
  return (request) => {
    const key = broad.size === 0 ? undefined : listenerDay(request);
    return key !== undefined && broad.has(key);
  };
}

function listenerDay(request: DownloadRequest): string | undefined {
  if (request.listener === null || request.addressList === 'included') return undefined;
  return `${request.evidence} ${utcDay(request.occurredAtMs)} ${request.listener}`;
}

/** Slides a span over a listener's day and counts the different episodes inside it. */
function isBroad(day: readonly DownloadRequest[], episodes: number, spanMs: number): boolean {
  const inSpan = new Map<string | null, number>();
  let oldest = 0;
  for (const { occurredAtMs, episode } of day) {
    inSpan.set(episode, (inSpan.get(episode) ?? 0) + 1);
    for (let left = day[oldest]; left && left.occurredAtMs <= occurredAtMs - spanMs; left = day[oldest]) {
      const remaining = (inSpan.get(left.episode) ?? 0) - 1;
      if (remaining === 0) inSpan.delete(left.episode);
      else inSpan.set(left.episode, remaining);
      oldest += 1;
    }
    if (inSpan.size > episodes) return true;
  }
  return false;
}
