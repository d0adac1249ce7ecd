import type { Sql } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { countedRequest, type StoredRequest } from '../domain/counted-request.js';
import type { Count } from '../domain/counting/count.js';
import { countRequests } from '../domain/counting/count-requests.js';
import type { Download } from '../domain/counting/download.js';
import type { EpisodeSizes } from '../domain/counting/download-request.js';
import { rekeyCarry, type WindowCarry } from '../domain/counting/window-carry.js';
import type { RuleSet } from '../domain/rule-set.js';
import type { AgentVerdict } from '../domain/classification/agent-verdict.js';
import { carryOfListeners } from '../infrastructure/count-carry.sql.js';
import { dayRequests } from '../infrastructure/day-requests.sql.js';
import type { DownloadRow } from '../infrastructure/downloads.sql.js';
import { episodeSizes } from '../infrastructure/episode-sizes.sql.js';
import type { AgentReader } from './agent-reader.js';

/** What to count: the requests of a tenant's UTC day, of some addresses or of all, under a rule set. */
export interface DayToCount {
  readonly tenantId: TenantId;
  /** 00:00 UTC. */
  readonly day: Date;
  readonly ruleSet: RuleSet;
  /** Ids of the day; null is all. */
  readonly addressIds: readonly string[] | null;
}

/** A portion of a day: whole addresses, and what their requests came to. */
export interface CountedPortion {
  readonly requests: readonly StoredRequest[];
  readonly verdicts: readonly AgentVerdict[];
  readonly count: Count;
}

/**
 * Counts a day in portions of whole addresses, since no rule looks beyond an address. Reads only: the same day gives the
 * same portions, whatever was counted before, except that rolling windows begin with what the day before left open.
 */
export async function* countDay(
  sql: Sql,
  { tenantId, day, ruleSet, addressIds }: DayToCount,
  agents: AgentReader,
): AsyncGenerator<CountedPortion> {
  const untilMs = day.getTime() + DAY_MS;
  const sizes = new Map<string, EpisodeSizes>();
  for await (const requests of dayRequests(sql, tenantId, { from: day, to: new Date(untilMs), addressIds })) {
    await addSizes(sql, tenantId, sizes, requests);
    const verdicts = await agents.verdicts(sql, tenantId, ruleSet.agentList, requests);
    const carry = await openWindows(sql, { tenantId, day, ruleSet }, requests);
    const counted = requests.map((request, index) => countedRequest(request, verdicts[index] ?? NO_VERDICT));
    yield {
      requests,
      verdicts,
      count: countRequests({ requests: counted, episodes: sizes, untilMs }, ruleSet.rules, carry),
    };
  }
}

const NO_VERDICT: AgentVerdict = {
  kind: 'none',
  name: null,
  device: null,
  deviceCategory: null,
  decidedBy: null,
};

async function addSizes(
  sql: Sql,
  tenantId: TenantId,
  sizes: Map<string, EpisodeSizes>,
  requests: readonly StoredRequest[],
): Promise<void> {
  const missing = new Set<string>();
  for (const { episodeId } of requests)
    if (episodeId !== null && !sizes.has(episodeId)) missing.add(episodeId);
  if (missing.size === 0) return;
  for (const [id, size] of await episodeSizes(sql, tenantId, [...missing])) sizes.set(id, size);
}

/** What the day before left open for these listeners, under the keys of this day. */
async function openWindows(
  sql: Sql,
  { tenantId, day, ruleSet }: Omit<DayToCount, 'addressIds'>,
  requests: readonly StoredRequest[],
): Promise<WindowCarry[]> {
  if (ruleSet.rules.window === 'calendar_day') return [];
  const todayOf = new Map<string, string>();
  for (const { listenerId, listenerIdYesterday } of requests)
    if (listenerId !== null && listenerIdYesterday !== null) todayOf.set(listenerIdYesterday, listenerId);
  const dayBefore = utcDate(new Date(day.getTime() - DAY_MS));
  const carry = await carryOfListeners(sql, { tenantId, ruleSetId: ruleSet.id, day: dayBefore }, [
    ...todayOf.keys(),
  ]);
  return rekeyCarry(carry, todayOf);
}

/** The rows of a portion's downloads. */
export function downloadRows({ requests, verdicts, count }: CountedPortion): DownloadRow[] {
  const places = new Map(requests.map((request, index) => [requestKey(request), index]));
  return count.downloads.flatMap((download) => {
    const index = places.get(requestKey({ eventId: download.settledBy, occurredAtMs: download.settledAtMs }));
    const request = index === undefined ? undefined : requests[index];
    const verdict = index === undefined ? undefined : verdicts[index];
    return request && verdict ? [downloadRow(download, request, verdict)] : [];
  });
}

function downloadRow(download: Download, request: StoredRequest, verdict: AgentVerdict): DownloadRow {
  return {
    addressId: request.addressId ?? '0',
    downloadId: download.settledBy,
    occurredAt: new Date(download.occurredAtMs).toISOString(),
    settledAt: new Date(download.settledAtMs).toISOString(),
    podcastId: request.podcastId ?? '',
    episodeId: download.episode,
    listenerId: download.listener,
    audienceA: request.audienceA,
    audienceB: request.audienceB,
    bytes: download.bytes,
    evidence: download.evidence,
    app: verdict.name ?? 'unknown',
    device: verdict.deviceCategory ?? 'unknown',
    country: request.country ?? '',
  };
}

/** Names a stored request: the same id at another time is another request. */
export function requestKey({
  eventId,
  occurredAtMs,
}: Pick<StoredRequest, 'eventId' | 'occurredAtMs'>): string {
  return `${eventId}@${occurredAtMs}`;
}
