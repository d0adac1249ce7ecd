import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Before which instant the aggregates that all tenants share are frozen, or null. An engine without such aggregates has
 * none.
 */
export async function aggregateHorizon(sql: Sql): Promise<Date | null> {
  const [row] = await sql<{ horizon: Date | null }>('SELECT aggregate_horizon() AS horizon');
  return row?.horizon ?? null;
}

/** Where raw events can be stored from on, and whose retention decides it. */
export interface BackfillHorizon {
  readonly from: Date;
  /** Not the tenant's own, but that of the aggregates that it shares with others: the shortest of any tenant. */
  readonly isShared: boolean;
}

/**
 * From which instant on raw events can be stored with all that follows from them, or null for any: where the tenant's own
 * events begin or, later than that, where the aggregates do that it shares with others.
 */
export async function backfillHorizon(sql: Sql, tenantId: TenantId): Promise<BackfillHorizon | null> {
  const [row] = await sql<{ own: Date | null; shared: Date | null }>(
    `SELECT (SELECT raw_from FROM raw_horizons WHERE tenant_id = $1) AS own, aggregate_horizon() AS shared`,
    [tenantId],
  );
  const { own = null, shared = null } = row ?? {};
  if (shared !== null && (own === null || shared > own)) return { from: shared, isShared: true };
  return own === null ? null : { from: own, isShared: false };
}
