import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, SLICE_MS, utcDate } from '@lib/primitives';
import { waitingBuckets } from '@lib/time-series';
import type { StoredRequest } from '../domain/counted-request.js';
import type { Outcome } from '../domain/counting/outcome.js';
import type { DifferenceCause } from '../domain/recount.js';
import {
  downloadsOfAddresses,
  type CompletedDownload,
} from '../infrastructure/downloads-of-addresses.sql.js';
import type { AgentReader } from './agent-reader.js';
import { PortionCounter, storedWindows, type RuledDay } from './count-day.js';

/** What a request is in the numbers that are shown, and why it would be something else when it is counted again. */
export interface ShownOutcome {
  readonly outcome: Outcome;
  readonly cause: DifferenceCause;
}

/**
 * Says what became of the requests of a day in the numbers that are shown.
 *
 * Outcomes are not stored, so the day is counted again under the rules that it is shown under. Where the stored downloads
 * disagree with that, they are what is shown: sizes of files that became known since the day was counted change no number
 * by themselves, and a recount that is applied brings them in. Addresses with requests that wait to be counted are left
 * aside: these are no disagreement.
 *
 * Use it under the day's lock, and with portions that are read from a cursor opened under it: waiting requests are asked
 * for afterwards, so that none of the cursor's is missed.
 */
export class ShownOutcomes {
  private readonly counter: PortionCounter;
  private waiting: Promise<ReadonlySet<number>> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly ruled: RuledDay,
    agents: AgentReader,
  ) {
    this.counter = new PortionCounter(sql, ruled, agents, storedWindows(sql, ruled));
  }

  async of(requests: readonly StoredRequest[]): Promise<ShownOutcome[]> {
    const { outcomes } = (await this.counter.count(requests)).count;
    const waiting = await this.addressesThatWait(requests);
    const stored = await this.storedDownloads(requests);
    return requests.map((request, index) => {
      const outcome = outcomes[index] ?? 'not_an_episode';
      const isShown = stored.ids.has(request.eventId);
      const isSettled = request.addressId !== null && !waiting.has(request.addressId);
      if (!isSettled || isShown === (outcome === 'counted')) return { outcome, cause: 'rules_changed' };
      return { outcome: isShown ? 'counted' : stored.outcomeOf(request), cause: 'episode_file_changed' };
    });
  }

  private async storedDownloads(requests: readonly StoredRequest[]) {
    const { tenantId, day, ruleSet } = this.ruled;
    const addresses = new Set(requests.map(({ addressId }) => addressId).filter((id) => id !== null));
    const counted = { tenantId, ruleSetId: ruleSet.id, day: utcDate(day) };
    const rows = await downloadsOfAddresses(this.sql, counted, [...addresses]);
    const windows = new Set(rows.map(windowKey));
    return {
      ids: new Set(rows.map(({ downloadId }) => downloadId)),
      /** Of a request that completes a download now and did not then: another one did, or none. */
      outcomeOf: (request: StoredRequest): Outcome =>
        windows.has(windowKey(request)) ? 'merged_piece' : 'below_threshold',
    };
  }

  /** The addresses among those of some requests with requests that are not counted yet. */
  private async addressesThatWait(requests: readonly StoredRequest[]): Promise<ReadonlySet<string>> {
    const slices = await (this.waiting ??= this.slicesThatWait());
    const found = new Set<string>();
    for (const { addressId, occurredAtMs } of requests)
      if (addressId !== null && slices.has(floorTime(new Date(occurredAtMs), SLICE_MS).getTime()))
        found.add(addressId);
    return found;
  }

  private async slicesThatWait(): Promise<ReadonlySet<number>> {
    const { tenantId, day } = this.ruled;
    const nextDay = new Date(day.getTime() + DAY_MS);
    const slices = await waitingBuckets(this.sql, tenantId, 'count', day, nextDay);
    return new Set(slices.map((slice) => slice.getTime()));
  }
}

function windowKey({
  listenerId,
  episodeId,
}: Pick<CompletedDownload | StoredRequest, 'listenerId' | 'episodeId'>): string {
  return `${listenerId} ${episodeId}`;
}
