import { breadthRule } from './breadth-rule.js';
import { compareText } from './compare-text.js';
import type { CountingRules } from './counting-rules.js';
import type { DownloadRequest } from './download-request.js';
import { judgeRequest } from './judge-request.js';
import type { Outcome } from './outcome.js';
import { volumeRule } from './volume-rule.js';

/** A request that passed all filters, and where it stands among the requests given. */
export interface PassedRequest {
  readonly index: number;
  readonly request: DownloadRequest & { readonly listener: string; readonly episode: string };
}

/** What the filters leave. They know nothing of windows, so one filtering serves all three. */
export interface FilteredRequests {
  /** For each request given, the filter that took it; `below_threshold` until its window is counted if none did. */
  readonly outcomes: readonly Outcome[];
  /** In the order of time; at one moment, in the order of ids. */
  readonly passed: readonly PassedRequest[];
}

/** Asks every rule that decides whether a request may count at all (PTMG v2.3 §5.5.2, IAB-07 to IAB-16, IAB-24). */
export function filterRequests(requests: readonly DownloadRequest[], rules: CountingRules): FilteredRequests {
  const outcomes = new Array<Outcome>(requests.length).fill('below_threshold');
  let left = inOrder(requests);
  const dismiss = (judge: (entry: Entry, before: Entry | undefined) => Outcome | undefined): void => {
    left = left.filter((entry, position, entries) => {
      const outcome = judge(entry, entries[position - 1]);
      if (outcome !== undefined) outcomes[entry.index] = outcome;
      return outcome === undefined;
    });
  };
  const remaining = (): DownloadRequest[] => left.map(({ request }) => request);

  dismiss((entry, before) => (isSame(entry.request, before?.request) ? 'duplicate_delivery' : undefined));
  dismiss(({ request }) => judgeRequest(request, rules));
  if (rules.requestsPerAddressDay !== null) {
    const isOverVolume = volumeRule(remaining(), rules.requestsPerAddressDay);
    dismiss(({ request }) => (isOverVolume(request) ? 'volume' : undefined));
  }
  if (rules.breadth !== null) {
    const isTooBroad = breadthRule(remaining(), rules.breadth);
    dismiss(({ request }) => (isTooBroad(request) ? 'breadth' : undefined));
  }
  dismiss(({ request }) => (request.badReferrer ? 'bad_referrer' : undefined));
  dismiss(({ request }) => (request.listener === null ? 'no_listener' : undefined));
  return { outcomes, passed: left.filter(isPassed) };
}

interface Entry {
  readonly index: number;
  readonly request: DownloadRequest;
}

/** Time alone is not enough: requests of one moment must not change places with the order of the input. */
function inOrder(requests: readonly DownloadRequest[]): Entry[] {
  return requests
    .map((request, index) => ({ index, request }))
    .sort(
      (a, b) => a.request.occurredAtMs - b.request.occurredAtMs || compareText(a.request.id, b.request.id),
    );
}

function isSame(request: DownloadRequest, other: DownloadRequest | undefined): boolean {
  return request.id === other?.id && request.occurredAtMs === other.occurredAtMs;
}

function isPassed(entry: Entry): entry is PassedRequest {
  return entry.request.listener !== null && entry.request.episode !== null;
}
