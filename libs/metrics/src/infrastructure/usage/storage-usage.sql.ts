import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { StoredLevel } from './stored-relations.sql.js';

/** One line of a tenant's storage. `bytes` is an estimate; null while nothing is known of the size of rows. */
export interface StorageLine {
  relation: string;
  level: StoredLevel;
  rows: number;
  bytes: number | null;
}

/** Storage of a UTC day, all lines together. */
export interface StorageOfDay {
  /** `YYYY-MM-DD`. */
  day: string;
  rows: number;
  bytes: number | null;
}

/** How long measurements are kept. */
const KEPT_DAYS = 400;

/** Whether a tenant's storage was measured on a UTC day, `YYYY-MM-DD`. */
export async function isMeasured(sql: Sql, tenantId: TenantId, day: string): Promise<boolean> {
  const rows = await sql('SELECT 1 FROM storage_usage WHERE tenant_id = $1 AND day = $2 LIMIT 1', [
    tenantId,
    day,
  ]);
  return rows.length > 0;
}

/** Stores what was measured on a UTC day in place of what stands there, and forgets what is older than 400 days. */
export async function storeUsage(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  lines: readonly StorageLine[],
): Promise<void> {
  await sql(
    `DELETE FROM storage_usage WHERE tenant_id = $1 AND (day = $2::date OR day < $2::date - ${KEPT_DAYS})`,
    [tenantId, day],
  );
  await sql(
    `INSERT INTO storage_usage (tenant_id, day, relation, level, rows, bytes)
     SELECT $1, $2, l.* FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[]) AS l`,
    [
      tenantId,
      day,
      lines.map(({ relation }) => relation),
      lines.map(({ level }) => level),
      lines.map(({ rows }) => rows),
      lines.map(({ bytes }) => bytes),
    ],
  );
}

/** The lines that were measured last, and when; undefined when nothing was. */
export async function latestUsage(
  sql: Sql,
  tenantId: TenantId,
): Promise<{ measuredAt: Date; lines: StorageLine[] } | undefined> {
  const rows = await sql<StorageLine & { measuredAt: Date }>(
    `SELECT relation, level, rows::float8 AS rows, bytes::float8 AS bytes, measured_at AS "measuredAt" FROM storage_usage
     WHERE tenant_id = $1 AND day = (SELECT max(day) FROM storage_usage WHERE tenant_id = $1)
     ORDER BY relation, array_position(ARRAY['raw', 'download', 'slice', 'hour', 'day', 'month'], level)`,
    [tenantId],
  );
  const lines = rows.map(({ measuredAt: _, ...line }) => line);
  return rows[0] && { measuredAt: rows[0].measuredAt, lines };
}

/** Storage by UTC day, oldest first, of the last `limit` days that were measured. */
export async function usageHistory(sql: Sql, tenantId: TenantId, limit: number): Promise<StorageOfDay[]> {
  const rows = await sql<StorageOfDay>(
    `SELECT day::text AS day, sum(rows)::float8 AS rows, sum(bytes)::float8 AS bytes FROM storage_usage
     WHERE tenant_id = $1 GROUP BY storage_usage.day ORDER BY storage_usage.day DESC LIMIT $2`,
    [tenantId, limit],
  );
  return rows.reverse();
}
