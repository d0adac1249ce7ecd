import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Makes the missing partitions of `[from, to)`. Runs as `podcast_maintenance`. @returns how many were made */
export async function ensurePartitions(sql: Sql, from: Date, to: Date): Promise<number> {
  const [row] = await sql<{ made: number }>('SELECT ensure_partitions($1, $2) AS made', [
    from.toISOString(),
    to.toISOString(),
  ]);
  return row?.made ?? 0;
}

/** Drops partitions or chunks that end at or before `before`. Runs as `podcast_maintenance`. @returns how many were dropped */
export async function dropPartitions(sql: Sql, before: Date): Promise<number> {
  const [row] = await sql<{ dropped: number }>('SELECT drop_partitions_before($1) AS dropped', [
    before.toISOString(),
  ]);
  return row?.dropped ?? 0;
}

/** The unbroken range around now in which raw events can be stored. Null when there is not even a partition for now. */
export async function partitionHorizon(sql: Sql): Promise<{ from: Date; to: Date } | null> {
  const [row] = await sql<{ from: Date; to: Date }>(
    'SELECT covered_from AS "from", covered_to AS "to" FROM partition_horizon()',
  );
  return row ?? null;
}

/** How far a tenant's raw events reach back, and how far they should. */
export interface RawRetention {
  tenantId: TenantId;
  /** The tenant's own setting; null takes the platform's. */
  retentionDays: number | null;
  rawFrom: Date | null;
  movedAt: Date | null;
  /** The oldest slice that still waits to be counted or refreshed; of aggregates that tenants share, that of any tenant. */
  oldestMark: Date | null;
}

/** Every tenant's retention. Runs as `podcast_maintenance`. */
export function rawRetentions(sql: Sql): Promise<RawRetention[]> {
  return sql<RawRetention>(`
    SELECT t.tenant_id AS "tenantId", s.raw_retention_days AS "retentionDays", h.raw_from AS "rawFrom",
           h.moved_at AS "movedAt",
           least(m.oldest, (SELECT min(bucket) FROM dirty_buckets WHERE kind = 'aggregate')) AS "oldestMark"
    FROM tenants t
    LEFT JOIN tenant_settings s ON s.tenant_id = t.tenant_id
    LEFT JOIN raw_horizons h ON h.tenant_id = t.tenant_id
    LEFT JOIN (SELECT tenant_id, min(bucket) AS oldest FROM dirty_buckets WHERE kind IN ('count', 'slice', 'listening', 'dimension')
               GROUP BY tenant_id) m
      ON m.tenant_id = t.tenant_id
    ORDER BY t.tenant_id`);
}

/** Moves a tenant's horizon forward, never back. Runs inside `TenantDb.run`. */
export async function moveRawHorizon(sql: Sql, tenantId: TenantId, rawFrom: Date): Promise<void> {
  await sql(
    `INSERT INTO raw_horizons AS h (tenant_id, raw_from) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET raw_from = excluded.raw_from, moved_at = excluded.moved_at
       WHERE h.raw_from < excluded.raw_from`,
    [tenantId, rawFrom.toISOString()],
  );
}

/** The time of a tenant's oldest raw event, or null. Runs as `podcast_maintenance`. */
export async function oldestRawEvent(sql: Sql, tenantId: TenantId): Promise<Date | null> {
  const [row] = await sql<{ oldest: Date | null }>('SELECT oldest_raw_event($1) AS oldest', [tenantId]);
  return row?.oldest ?? null;
}

/** Deletes a tenant's raw events of `[from, to)`. Runs as `podcast_maintenance`. @returns how many went */
export async function deleteRawEvents(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<number> {
  const [row] = await sql<{ deleted: string }>('SELECT delete_raw_events($1, $2, $3) AS deleted', [
    tenantId,
    from.toISOString(),
    to.toISOString(),
  ]);
  return Number(row?.deleted ?? 0);
}
