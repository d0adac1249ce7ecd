import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import { keptLevels } from '../../infrastructure/usage/kept-levels.sql.js';
import {
  latestUsage,
  usageHistory,
  type StorageLine,
  type StorageOfDay,
} from '../../infrastructure/usage/storage-usage.sql.js';
import type { StoredLevel } from '../../infrastructure/usage/stored-relations.sql.js';
import {
  catalogueSize,
  eventBounds,
  eventsByDay,
  type EventsOfDay,
  type Holding,
} from '../../infrastructure/usage/tenant-holdings.sql.js';

/** What a tenant has and for how long. */
export interface UsageAnswer {
  podcasts: Holding;
  episodes: Holding;
  quotas: { podcasts: { used: number; max: number | null } };
  events: { oldest: Date | null; newest: Date | null; byDay: EventsOfDay[] };
  storage: {
    /** Null before the first measurement. */
    measuredAt: Date | null;
    rows: number;
    bytes: number | null;
    /** Of rows that are counted, by the average size of one: bytes are never measured. */
    estimated: true;
    lines: StorageLine[];
    history: StorageOfDay[];
  };
  retention: { level: StoredLevel; days: number; keptFrom: Date | null }[];
}

/** Days of events, today included, and of measurements. */
const DAYS_SHOWN = 30;
const LEVELS: readonly StoredLevel[] = ['raw', 'download', 'slice', 'hour', 'day', 'month'];

/** How much a tenant has stored, and what is in force for it. */
@Injectable()
export class UsageService {
  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
  ) {}

  /** Of any tenant, for the platform's people. @throws DomainError `tenant_not_found` (404) */
  answerOf(tenantId: TenantId): Promise<UsageAnswer> {
    return this.db.run(tenantId, () => this.answer(), { readOnly: true });
  }

  /** Of the tenant of the open transaction. */
  async answer(now = new Date()): Promise<UsageAnswer> {
    const { sql, tenantId } = this.db.current;
    const { maxPodcasts } = await this.tenants.get();
    const { podcasts, episodes } = await catalogueSize(sql, tenantId);
    return {
      podcasts,
      episodes,
      quotas: { podcasts: { used: podcasts.active, max: maxPodcasts } },
      events: { ...(await eventBounds(sql, tenantId)), byDay: await this.byDay(now) },
      storage: await this.storage(),
      retention: await this.retention(),
    };
  }

  /** Days without events are there with 0. */
  private async byDay(now: Date): Promise<EventsOfDay[]> {
    const { sql, tenantId } = this.db.current;
    const days = Array.from({ length: DAYS_SHOWN }, (_, n) =>
      utcDate(new Date(now.getTime() - (DAYS_SHOWN - 1 - n) * DAY_MS)),
    );
    const found = await eventsByDay(sql, tenantId, days[0] ?? '', days.at(-1) ?? '');
    const events = new Map(found.map((each) => [each.day, each.events]));
    return days.map((day) => ({ day, events: events.get(day) ?? 0 }));
  }

  private async storage(): Promise<UsageAnswer['storage']> {
    const { sql, tenantId } = this.db.current;
    const { measuredAt = null, lines = [] } = (await latestUsage(sql, tenantId)) ?? {};
    return {
      measuredAt,
      rows: lines.reduce((sum, { rows }) => sum + rows, 0),
      bytes: lines.reduce<number | null>(
        (sum, { bytes }) => (sum === null || bytes === null ? null : sum + bytes),
        0,
      ),
      estimated: true,
      lines,
      history: await usageHistory(sql, tenantId, DAYS_SHOWN),
    };
  }

  private async retention(): Promise<UsageAnswer['retention']> {
    const { sql, tenantId } = this.db.current;
    const days = await this.tenants.retention();
    const keptFrom = await keptLevels(sql, tenantId);
    return LEVELS.map((level) => ({ level, days: days[level], keptFrom: keptFrom[level] }));
  }
}
