import { Inject, Injectable } from '@nestjs/common';
import { databaseUnavailable } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, type TenantId } from '@lib/primitives';
import type { Logger } from 'pino';
import { ListenerKeys, type DayKeys } from '../listener-keys.js';

/**
 * The keys of yesterday, today and tomorrow of every tenant with a public address, held in memory, so that addresses can
 * be hashed while the database is away.
 */
@Injectable()
export class EdgeKeys {
  private held = new Map<string, DayKeys>();

  constructor(
    private readonly keys: ListenerKeys,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The keys for requests at `at`; undefined when they are not in memory. */
  find(tenantId: TenantId, at: Date): DayKeys | undefined {
    return this.held.get(nameOf(tenantId, at));
  }

  /** Brings the keys for requests at `at` into memory. @throws the database's error */
  async load(tenantId: TenantId, at: Date): Promise<DayKeys> {
    const keys = await this.keys.forDay(tenantId, at);
    this.held.set(nameOf(tenantId, at), keys);
    return keys;
  }

  /**
   * Renews what is held, and drops all else. A tenant whose keys cannot be opened goes without: its requests are
   * recorded, and its listeners are not.
   * @throws when the database is not reached; what was held stays
   */
  async refresh(tenantIds: Iterable<TenantId>, now: Date): Promise<void> {
    const days = [-1, 0, 1].map((offset) => new Date(now.getTime() + offset * DAY_MS));
    const renewed = new Map<string, DayKeys>();
    for (const tenantId of tenantIds) {
      for (const day of days) {
        const keys = await this.tryLoad(tenantId, day);
        if (keys !== undefined) renewed.set(nameOf(tenantId, day), keys);
      }
    }
    this.held = renewed;
  }

  private async tryLoad(tenantId: TenantId, day: Date): Promise<DayKeys | undefined> {
    try {
      return await this.keys.forDay(tenantId, day);
    } catch (error) {
      if (databaseUnavailable(error)) throw error;
      this.logger.error({ err: error, tenantId }, 'the listener keys of a tenant cannot be read');
      return undefined;
    }
  }
}

function nameOf(tenantId: TenantId, at: Date): string {
  return `${tenantId}:${Math.floor(at.getTime() / DAY_MS)}`;
}
