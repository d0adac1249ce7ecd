import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool, tenantContext, type Sql } from '@lib/database';
import { DAY_MS, floorTime, utcDate, type TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { audiencePeriod, AUDIENCE_SERIES } from '../domain/audience-period.js';
import { openKey, sealKey } from '../domain/seal-key.js';
import {
  audiencePeriodDays,
  insertOrReadKeys,
  liveKeys,
  LIVE,
  type KeySlot,
} from '../infrastructure/listener-keys.sql.js';

/** The keys for events of one UTC day. A destroyed key is null: its ids can no longer be made. */
export interface DayKeys {
  readonly countToday: Buffer | null;
  readonly countYesterday: Buffer | null;
  readonly audienceA: Buffer | null;
  readonly audienceB: Buffer | null;
}

/** A key that is not destroyed. */
export interface LiveKey {
  /** The first UTC day that it was made for, `YYYY-MM-DD`. */
  readonly period: string;
  readonly key: Buffer;
}

const CACHE_MS = 5 * 60_000;
const DESTROY_GRACE_MS = 2 * DAY_MS;

/**
 * Keys under which listeners are hashed: per tenant and purpose, and per UTC day (counting) or audience period.
 *
 * Minted on first use and the same on every instance. A day's key is destroyed 48 hours after its acceptance window, an
 * audience key after its period and the window; a backfill's keys 48 hours after they were made.
 */
@Injectable()
export class ListenerKeys {
  private readonly days = new LRUCache<string, Promise<DayKeys>>({ max: 20_000, ttl: CACHE_MS });
  private readonly masterKey: Buffer;

  constructor(
    private readonly settings: Settings,
    @Inject(APP_POOL) private readonly pool: RolePool,
  ) {
    this.masterKey = Buffer.from(settings.privacyMasterKey, 'base64');
  }

  /** The keys for events that happened on the UTC day of `at`. `importId` names a backfill with keys of its own. */
  forDay(tenantId: TenantId, at: Date, importId = LIVE): Promise<DayKeys> {
    const day = floorTime(at, DAY_MS);
    const name = `${tenantId}:${day.getTime()}:${importId}`;
    const cached = this.days.get(name);
    if (cached !== undefined) return cached;
    const loading = this.load(tenantId, day, importId);
    this.days.set(name, loading);
    loading.catch(() => this.days.delete(name));
    return loading;
  }

  /** Every key of the tenant that is left, those of imports included: by these a listener can still be found. */
  async live(sql: Sql, tenantId: TenantId): Promise<LiveKey[]> {
    const stored = await liveKeys(sql, tenantId);
    return stored.map(({ purpose, period, importId, keyEnc }) => ({
      period,
      key: openKey(this.masterKey, place(tenantId, purpose, period, importId), keyEnc),
    }));
  }

  private async load(tenantId: TenantId, day: Date, importId: string): Promise<DayKeys> {
    const yesterday = new Date(day.getTime() - DAY_MS);
    return this.pool.transaction(async (sql) => {
      const periodDays = await audiencePeriodDays(sql, tenantId);
      const [periodA, periodB] = AUDIENCE_SERIES.map((series) => audiencePeriod(series, day, periodDays));
      const wanted: [KeySlot['purpose'], string, Date][] = [
        ['count', utcDate(day), new Date(day.getTime() + DAY_MS)],
        ['count', utcDate(yesterday), day],
        ...(periodA
          ? [['audience_a', periodA.period, periodA.end] as [KeySlot['purpose'], string, Date]]
          : []),
        ...(periodB
          ? [['audience_b', periodB.period, periodB.end] as [KeySlot['purpose'], string, Date]]
          : []),
      ];
      const slots = wanted.map(([purpose, period, end]) =>
        this.slot(tenantId, purpose, period, end, importId),
      );
      const stored = await insertOrReadKeys(sql, tenantId, slots, importId);
      const open = (purpose: string, period: string | undefined): Buffer | null => {
        const sealed = stored.find((key) => key.purpose === purpose && key.period === period)?.keyEnc;
        return sealed
          ? openKey(this.masterKey, place(tenantId, purpose, period ?? '', importId), sealed)
          : null;
      };
      return {
        countToday: open('count', utcDate(day)),
        countYesterday: open('count', utcDate(yesterday)),
        audienceA: open('audience_a', periodA?.period),
        audienceB: open('audience_b', periodB?.period),
      };
    }, tenantContext(tenantId));
  }

  private slot(
    tenantId: TenantId,
    purpose: KeySlot['purpose'],
    period: string,
    end: Date,
    importId: string,
  ): KeySlot {
    const acceptanceMs = this.settings.ingestAcceptanceDays * DAY_MS;
    const grace = purpose === 'count' ? acceptanceMs + DESTROY_GRACE_MS : acceptanceMs;
    const destroyAfter =
      importId === LIVE ? new Date(end.getTime() + grace) : new Date(Date.now() + DESTROY_GRACE_MS);
    const keyEnc = sealKey(this.masterKey, place(tenantId, purpose, period, importId), randomBytes(32));
    return { purpose, period, destroyAfter, keyEnc };
  }
}

function place(tenantId: string, purpose: string, period: string, importId: string): string {
  return `${tenantId}|${purpose}|${period}|${importId}`;
}
