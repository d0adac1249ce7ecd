import type { Sql } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { countedRequest, type RequestVerdict, type StoredRequest } from '../domain/counted-request.js';
import type { Count } from '../domain/counting/count.js';
import { countRequests } from '../domain/counting/count-requests.js';
import type { Download } from '../domain/counting/download.js';
import type { DownloadRequest, EpisodeSizes } from '../domain/counting/download-request.js';
import { rekeyCarry, type WindowCarry } from '../domain/counting/window-carry.js';
import type { CountingBasis } from '../domain/rule-set.js';
import type { AgentVerdict } from '../domain/classification/agent-verdict.js';
import { carryOfListeners } from '../infrastructure/count-carry.sql.js';
import { dayRequests } from '../infrastructure/day-requests.sql.js';
import type { CountedDay, DownloadRow } from '../infrastructure/downloads.sql.js';
import { episodeSizes } from '../infrastructure/episode-sizes.sql.js';
import { fileInstants } from '../infrastructure/file-instants.sql.js';
import { keepUnknownFiles } from '../infrastructure/keep-unknown-files.sql.js';
import { excludedAddresses } from '../infrastructure/quarantines.sql.js';
import type { AgentReader } from './agent-reader.js';

/** A UTC day of a tenant and by what to count it. */
export interface RuledDay extends CountingBasis {
  readonly tenantId: TenantId;
  /** 00:00 UTC. */
  readonly day: Date;
}

/** What to count: the requests of some addresses or of all. */
export interface DayToCount extends RuledDay {
  /** Ids of the day; null is all. */
  readonly addressIds: readonly string[] | null;
}

/** Whole addresses of a day, and what their requests came to. */
export interface CountedPortion {
  readonly requests: readonly StoredRequest[];
  readonly verdicts: readonly RequestVerdict[];
  readonly count: Count;
}

/** Gives the windows that the day before left open for the listeners of some requests, under the keys of the day. */
export type OpenWindows = (requests: readonly StoredRequest[]) => Promise<readonly WindowCarry[]>;

/**
 * Counts a day in portions of whole addresses, since no rule looks beyond an address. The same day gives the same
 * portions, whatever was counted before, except that rolling windows begin with what the day before left open. Writes
 * nothing but of which files nothing is known.
 */
export async function* countDay(
  sql: Sql,
  { addressIds, ...ruled }: DayToCount,
  agents: AgentReader,
): AsyncGenerator<CountedPortion> {
  const counter = new PortionCounter(sql, ruled, agents, storedWindows(sql, ruled));
  const to = new Date(ruled.day.getTime() + DAY_MS);
  for await (const requests of dayRequests(sql, ruled.tenantId, { from: ruled.day, to, addressIds }))
    yield await counter.countForGood(requests);
}

/**
 * Counts portions of one day under one rule set; remembers the sizes of episodes between portions. `change` lets requests
 * look otherwise than they are, to see what would be counted then.
 */
export class PortionCounter {
  private readonly sizes = new Map<string, EpisodeSizes>();
  private excluded: Promise<ReadonlySet<string>> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly ruled: RuledDay,
    private readonly agents: AgentReader,
    private readonly openWindows: OpenWindows,
    private readonly change: (request: DownloadRequest, stored: StoredRequest) => DownloadRequest = (same) =>
      same,
  ) {}

  /** As {@link count}, of a day that will be stored: whoever comes late must find the files known as they are now. */
  async countForGood(requests: readonly StoredRequest[]): Promise<CountedPortion> {
    const unknown = unseenEpisodes(this.sizes, requests);
    if (unknown.length > 0) await keepUnknownFiles(this.sql, this.ruled.tenantId, unknown);
    return this.count(requests);
  }

  async count(requests: readonly StoredRequest[]): Promise<CountedPortion> {
    const { tenantId, day, ruleSet } = this.ruled;
    await addSizes(this.sql, this.ruled, this.sizes, requests);
    const verdicts = await this.agents.verdicts(this.sql, tenantId, ruleSet, requests);
    const carry = ruleSet.rules.window === 'calendar_day' ? [] : await this.openWindows(requests);
    const excluded = await this.excludedAddresses();
    const counted = requests.map((request, index) =>
      this.change(countedRequest(exclude(request, excluded), verdicts[index] ?? NO_VERDICT), request),
    );
    const input = { requests: counted, episodes: this.sizes, untilMs: day.getTime() + DAY_MS };
    return { requests, verdicts, count: countRequests(input, ruleSet.rules, carry) };
  }

  private excludedAddresses(): Promise<ReadonlySet<string>> {
    const { tenantId, day, ruleSet } = this.ruled;
    return (this.excluded ??= excludedAddresses(
      this.sql,
      tenantId,
      utcDate(day),
      ruleSet.rules.exclusions ?? [],
    ));
  }
}

function exclude(request: StoredRequest, excluded: ReadonlySet<string>): StoredRequest {
  if (request.addressId === null || !excluded.has(request.addressId)) return request;
  return { ...request, addressList: 'excluded' };
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
  { tenantId, day, filesAsOf }: RuledDay,
  sizes: Map<string, EpisodeSizes>,
  requests: readonly StoredRequest[],
): Promise<void> {
  const missing = unseenEpisodes(sizes, requests);
  if (missing.length === 0) return;
  const instants = await fileInstants(sql, tenantId, missing, day, filesAsOf);
  for (const [id, size] of await episodeSizes(sql, tenantId, instants)) sizes.set(id, size);
}

function unseenEpisodes(
  sizes: ReadonlyMap<string, EpisodeSizes>,
  requests: readonly StoredRequest[],
): string[] {
  const unseen = new Set<string>();
  for (const { episodeId } of requests)
    if (episodeId !== null && !sizes.has(episodeId)) unseen.add(episodeId);
  return [...unseen];
}

/** The open windows that were stored when the day before was counted. */
export function storedWindows(sql: Sql, { tenantId, day, ruleSet }: RuledDay): OpenWindows {
  const dayBefore = utcDate(new Date(day.getTime() - DAY_MS));
  return async (requests) => {
    const todayOf = idsOfToday(requests);
    const yesterday: CountedDay = { tenantId, ruleSetId: ruleSet.id, day: dayBefore };
    return rekeyCarry(await carryOfListeners(sql, yesterday, [...todayOf.keys()]), todayOf);
  };
}

/** For each listener: id under the key of the day before → id under the key of the day. */
export function idsOfToday(requests: readonly StoredRequest[]): Map<string, string> {
  const todayOf = new Map<string, string>();
  for (const { listenerId, listenerIdYesterday } of requests)
    if (listenerId !== null && listenerIdYesterday !== null) todayOf.set(listenerIdYesterday, listenerId);
  return todayOf;
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
