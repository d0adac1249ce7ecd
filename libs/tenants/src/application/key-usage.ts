import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { touchApiKeys } from '../infrastructure/api-keys.sql.js';

const FLUSH_MS = 15_000;

/**
 * Remembers which keys were used and writes it down a few times a minute, so that a busy key costs no write a request.
 * Best effort: what a crash loses is a few seconds of `lastUsedAt`.
 */
@Injectable()
export class KeyUsage implements OnModuleInit, BeforeApplicationShutdown {
  private used = new Map<TenantId, Map<string, Date>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly db: TenantDb) {}

  onModuleInit(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** Notes a use, in memory. */
  note(tenantId: TenantId, keyId: string): void {
    const keys = this.used.get(tenantId) ?? new Map<string, Date>();
    this.used.set(tenantId, keys.set(keyId, new Date()));
  }

  /** Writes what was noted. A failed write is dropped: the next use notes the key again. */
  async flush(): Promise<void> {
    const used = this.used;
    this.used = new Map();
    for (const [tenantId, keys] of used) {
      await this.db
        .run(tenantId, () =>
          touchApiKeys(this.db.current.sql, tenantId, [...keys.keys()], [...keys.values()]),
        )
        .catch(() => undefined);
    }
  }
}
