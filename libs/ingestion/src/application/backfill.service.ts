import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool, tenantContext } from '@lib/database';
import { DAY_MS, DomainError, floorTime, type TenantId } from '@lib/primitives';
import { backfillHorizon, EnsurePartitions } from '@lib/time-series';
import type { CheckedEvent } from '../domain/checked-event.js';
import type { EventInput } from '../domain/event-input.js';
import { isRejection } from '../domain/rejection.js';
import { storableEvent, type StorableEvent } from '../domain/storable-event.js';
import { checkEvent } from './check-event.js';
import { EventStore, type Outcome } from './commit-events.js';
import { ListenerIdentifier } from './identify-listener.js';
import { KnownTexts } from './known-texts.js';
import { ListenerKeys } from './listener-keys.js';

const BATCH = 2_000;

/** What a backfill did; the three add up to the events given. */
export interface BackfillReport {
  accepted: number;
  duplicates: number;
  rejected: number;
}

/**
 * Brings history in, from before the acceptance window: the one other road into the raw events.
 *
 * Its listeners are hashed under keys of its own, bound to `importId` and destroyed 48 hours later. Sending the same
 * events again, with the same ids and times, changes nothing.
 */
@Injectable()
export class BackfillService {
  private readonly store: EventStore;
  private readonly identifier = new ListenerIdentifier();
  private readonly texts = new KnownTexts();

  constructor(
    private readonly settings: Settings,
    private readonly keys: ListenerKeys,
    private readonly partitions: EnsurePartitions,
    @Inject(APP_POOL) private readonly pool: RolePool,
  ) {
    this.store = new EventStore(pool, 'backfill');
  }

  /**
   * Stores `events`, which all lie in `[from, to)`, a batch a transaction. What the events say of their clients is
   * believed. `onProgress` is told how many were done.
   * @throws DomainError `invalid_event` for an event that breaks a rule: history is not repaired silently;
   *   `before_raw_horizon` where numbers of that time are frozen already
   */
  async backfill(
    tenantId: TenantId,
    importId: string,
    range: { from: Date; to: Date },
    events: readonly EventInput[],
    onProgress: (done: number) => void,
  ): Promise<BackfillReport> {
    await this.requireThawed(tenantId, range.from);
    await this.partitions.cover(floorTime(range.from, DAY_MS), range.to);
    const report: BackfillReport = { accepted: 0, duplicates: 0, rejected: 0 };
    for (let start = 0; start < events.length; start += BATCH) {
      const outcomes = await this.storeBatch(tenantId, importId, events.slice(start, start + BATCH));
      for (const outcome of outcomes) {
        if (outcome === 'accepted') report.accepted += 1;
        else if (outcome === 'duplicate') report.duplicates += 1;
        else report.rejected += 1;
      }
      onProgress(Math.min(start + BATCH, events.length));
    }
    return report;
  }

  private async requireThawed(tenantId: TenantId, from: Date): Promise<void> {
    const horizon = await this.pool.transaction(
      (sql) => backfillHorizon(sql, tenantId),
      tenantContext(tenantId),
    );
    if (horizon === null || from >= horizon.from) return;
    const since = horizon.from.toISOString().slice(0, 10);
    const why = horizon.isShared
      ? ', because all tenants of this database share aggregates, and another one keeps raw events for no longer'
      : '';
    throw new DomainError(
      'before_raw_horizon',
      409,
      `Numbers of before ${since} are frozen${why}: events of that time would not show.`,
    );
  }

  private async storeBatch(
    tenantId: TenantId,
    importId: string,
    events: readonly EventInput[],
  ): Promise<Outcome[]> {
    const now = new Date();
    const rows: StorableEvent[] = [];
    for (const event of events) {
      const checked = this.check(event, now);
      // One day's keys after the other: a batch of history can touch more days than there are connections.
      const keys = await this.keys.forDay(tenantId, checked.occurredAt, importId);
      const userAgent = this.texts.userAgent(event.client?.userAgent);
      const ids = this.identifier.identify(keys, event.client?.ip, userAgent?.value ?? '');
      const referrer = this.texts.referrer(event.client?.referrer);
      rows.push(storableEvent(checked, { trusted: true, userAgent, referrer, network: null }, ids));
    }
    return this.store.commit(tenantId, rows);
  }

  private check(event: EventInput, now: Date): CheckedEvent {
    const { ingestMaxEventBytes: maxEventBytes, ingestAcceptanceDays: acceptanceDays } = this.settings;
    const checked = checkEvent(event, now, { maxEventBytes, acceptanceDays });
    if (isRejection(checked))
      throw new DomainError('invalid_event', 400, checked.detail, { field: checked.field });
    return checked;
  }
}
