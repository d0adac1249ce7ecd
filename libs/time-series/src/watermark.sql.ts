import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Says that what metrics answer for the tenant is no longer what it was: whoever changes rollups, sketches, which rule set
 * is shown, or anything else that an answer is made of, calls it in the transaction of the change.
 *
 * Call it as the last statement of a READ COMMITTED transaction. The row stays locked until COMMIT, so that versions grow
 * in the order in which changes become visible: a snapshot that sees version n sees everything that moved it there, and
 * nothing that moves it further. Called earlier, it would make every other change of the tenant wait for the rest of the work.
 */
export async function moveWatermark(sql: Sql, tenantId: TenantId): Promise<void> {
  await sql(
    // Citus takes no function of the time after ON CONFLICT. Who waits for the row comes with an earlier time than it has.
    `INSERT INTO aggregate_watermarks AS w (tenant_id, version, changed_at) VALUES ($1, 1, clock_timestamp())
     ON CONFLICT (tenant_id) DO UPDATE
       SET version = w.version + 1, changed_at = greatest(w.changed_at, EXCLUDED.changed_at)`,
    [tenantId],
  );
}

/** SQL of the version of tenant $1 in the statement's snapshot; 0 while nothing was ever counted. */
export const WATERMARK = `coalesce((SELECT version FROM aggregate_watermarks WHERE tenant_id = $1), 0)::float8`;

/** The version of a tenant's numbers in the transaction's snapshot. */
export async function watermarkVersion(sql: Sql, tenantId: TenantId): Promise<number> {
  const [row] = await sql<{ version: number }>(`SELECT ${WATERMARK} AS version`, [tenantId]);
  return row?.version ?? 0;
}
