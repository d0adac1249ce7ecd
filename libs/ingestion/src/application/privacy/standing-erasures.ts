import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { ErasedListeners } from '../../domain/privacy/forget-listener.js';
import { standingErasures } from '../../infrastructure/standing-erasures.sql.js';

/** How late a process may learn of an erasure. The erasure itself begins later than that. */
export const LEARNED_WITHIN_MS = 10_000;
/** Longer than events are accepted late, and than the keys of an import are left to bring more of its listeners. */
const STANDING_DAYS = 60;

/**
 * The listeners whose events of before are stored without them when they come late: by a retry, from a spool, from a log.
 * Read within the writer's own transaction, and remembered for seconds.
 */
export class StandingErasures {
  private readonly tenants = new LRUCache<TenantId, ErasedListeners>({ max: 5_000, ttl: LEARNED_WITHIN_MS });

  async ofTenant(sql: Sql, tenantId: TenantId): Promise<ErasedListeners> {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    const erased = new Map<bigint, number>();
    for (const { listenerIds, requestedAt } of await standingErasures(sql, tenantId, STANDING_DAYS))
      for (const id of listenerIds.map(BigInt))
        erased.set(id, Math.max(erased.get(id) ?? 0, requestedAt.getTime()));
    this.tenants.set(tenantId, erased);
    return erased;
  }
}
