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

/**
 * From which instant on raw events can be stored with all that follows from them, or null for any: where the tenant's own
 * events begin or, later than that, where the aggregates do that it shares with others.
 */
export async function backfillHorizon(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const [row] = await sql<{ horizon: Date | null }>(
    `SELECT greatest((SELECT raw_from FROM raw_horizons WHERE tenant_id = $1), aggregate_horizon()) AS horizon`,
    [tenantId],
  );
  return row?.horizon ?? null;
}
