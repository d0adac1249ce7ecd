import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool, tenantContext, type Sql } from '@lib/database';
import {
  audiencePeriod,
  AUDIENCE_SERIES,
  DAY_MS,
  dayPeriod,
  floorTime,
  utcDate,
  weekOf,
  type KeyPeriod,
  type TenantId,
} from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { openKey, sealKey } from '../domain/seal-key.js';
import {
  insertOrReadKeys,
  keyPeriods,
  replaceLostKeys,
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
  /** Null as well where the tenant does not match by address. */
  readonly net: Buffer | null;
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
 * Keys under which listeners are hashed: per tenant and purpose, and per UTC day (counting), audience period or ISO week
 * (addresses alone, where the tenant matches by them).
 *
 * Minted on first use and the same on every instance. A day's key is destroyed 48 hours after its acceptance window, an
 * audience key after its period and the window, a week's key after the lookback as well; a backfill's keys 48 hours after
 * they were made.
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
      const { audienceDays, lookbackDays } = await keyPeriods(sql, tenantId);
      const [a, b] = AUDIENCE_SERIES.map((series) => audiencePeriod(series, day, audienceDays));
      const slots = [
        this.slot(tenantId, 'count', dayPeriod(day), importId),
        this.slot(tenantId, 'count', dayPeriod(yesterday), importId),
        ...(a ? [this.slot(tenantId, 'audience_a', a, importId)] : []),
        ...(b ? [this.slot(tenantId, 'audience_b', b, importId)] : []),
      ];
      const open = await this.insertOrOpen(sql, tenantId, slots, importId);
      return {
        countToday: open('count', utcDate(day)),
        countYesterday: open('count', utcDate(yesterday)),
        audienceA: open('audience_a', a?.period),
        audienceB: open('audience_b', b?.period),
        net: lookbackDays === null ? null : await this.netKey(sql, tenantId, day, lookbackDays),
      };
    }, tenantContext(tenantId));
  }

  /**
   * The key of the week for addresses alone. Imports have no other: a sale has to find their requests too, for as long as
   * it looks back; of a week that is too long ago there is none.
   */
  private async netKey(
    sql: Sql,
    tenantId: TenantId,
    day: Date,
    lookbackDays: number,
  ): Promise<Buffer | null> {
    const week = weekOf(day);
    const slot = this.slot(tenantId, 'net', week, LIVE, lookbackDays);
    if (slot.destroyAfter.getTime() <= Date.now()) return null;
    const open = await this.insertOrOpen(sql, tenantId, [slot], LIVE);
    return open('net', week.period);
  }

  /** Says of each slot which key it holds now; null where that was destroyed. */
  private async insertOrOpen(sql: Sql, tenantId: TenantId, slots: readonly KeySlot[], importId: string) {
    let stored = await insertOrReadKeys(sql, tenantId, slots, importId);
    if (stored.length < slots.length && importId === LIVE) {
      await replaceLostKeys(sql, tenantId, slots);
      stored = await insertOrReadKeys(sql, tenantId, slots);
    }
    return (purpose: KeySlot['purpose'], period = ''): Buffer | null => {
      const sealed = stored.find((key) => key.purpose === purpose && key.period === period)?.keyEnc;
      return sealed ? openKey(this.masterKey, place(tenantId, purpose, period, importId), sealed) : null;
    };
  }

  /** @param lookbackDays days beyond the end of the period for which its ids are searched */
  private slot(
    tenantId: TenantId,
    purpose: KeySlot['purpose'],
    { period, end }: KeyPeriod,
    importId: string,
    lookbackDays = 0,
  ): KeySlot {
    const acceptanceMs = this.settings.ingestAcceptanceDays * DAY_MS;
    const grace = acceptanceMs + (purpose === 'count' ? DESTROY_GRACE_MS : lookbackDays * DAY_MS);
    const destroyAfter =
      importId === LIVE ? new Date(end.getTime() + grace) : new Date(Date.now() + DESTROY_GRACE_MS);
    const keyEnc = sealKey(this.masterKey, place(tenantId, purpose, period, importId), randomBytes(32));
    return { purpose, period, destroyAfter, keyEnc };
  }
}

function place(tenantId: string, purpose: string, period: string, importId: string): string {
  return `${tenantId}|${purpose}|${period}|${importId}`;
}
