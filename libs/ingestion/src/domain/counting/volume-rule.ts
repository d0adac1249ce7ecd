import type { DownloadRequest } from './download-request.js';
import { utcDay } from './utc-day.js';

/**
 * Finds the addresses with unrealistic volume (PTMG v2.3 §5.5.2 (1), IAB-07): with `limit` requests on a UTC day they
 * count, with one more none of that day's requests does. The day is UTC in every window, because the key of an address
 * lives for one day. The two kinds of evidence are counted apart, and the inclusion list lifts the limit (IAB-14).
 * @param requests those that passed the rules before
 * @returns whether a request is one of such an address
 */
export function volumeRule(
  requests: readonly DownloadRequest[],
  limit: number,
): (request: DownloadRequest) => boolean {
  const volumes = new Map<string, number>();
  for (const request of requests) {
    const key = addressDay(request);
    if (key !== undefined) volumes.set(key, (volumes.get(key) ?? 0) + 1);
  }
  return (request) => {
    const key = addressDay(request);
    return key !== undefined && (volumes.get(key) ?? 0) > limit;
  };
}

function addressDay(request: DownloadRequest): string | undefined {
  if (request.address === null || request.addressList === 'included') return undefined;
  return `${request.evidence} ${utcDay(request.occurredAtMs)} ${request.address}`;
}
