import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { ExportRow, NewExport } from '../../domain/exports/export-row.js';

/** A file that has outlived its time is gone for everybody, though its bytes may still wait to be removed. */
export const EXPORT_COLUMNS = `x.id, x.table_name AS "table", x.format, x.range_from AS "from", x.range_to AS "to",
  x.podcast_id AS "podcastId", CASE WHEN x.state = 'done' AND x.expires_at <= now() THEN 'expired' ELSE x.state END AS state,
  x.position, x.pieces, x.rows::float8 AS rows, x.bytes::float8 AS bytes, x.requested_by AS "requestedBy",
  x.requested_at AS "requestedAt", x.started_at AS "startedAt", x.done_at AS "doneAt", x.expires_at AS "expiresAt", x.error`;

/** Stores an export that begins as `queued`. Returns it. */
export async function insertExport(
  sql: Sql,
  tenantId: TenantId,
  { table, format, from, to, podcastId, requestedBy, ofListeners }: NewExport,
): Promise<ExportRow> {
  const rows = await sql<ExportRow>(
    `INSERT INTO exports AS x (tenant_id, id, table_name, format, range_from, range_to, podcast_id, requested_by, of_listeners)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ${EXPORT_COLUMNS}`,
    [tenantId, randomUUID(), table, format, from, to, podcastId, requestedBy, ofListeners],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('the export was not stored');
  return row;
}

/** Exports that are not done, and files that are kept. */
export interface ExportCount {
  waiting: number;
  kept: number;
}

/** Counts a tenant's exports, and lets nobody else ask for one until the transaction ends. */
export async function lockAndCountExports(sql: Sql, tenantId: TenantId): Promise<ExportCount> {
  // A statement of its own, so that the next one sees what the last holder stored.
  await sql(`SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'exports', 0))`, [tenantId]);
  const rows = await sql<ExportCount>(
    `SELECT count(*) FILTER (WHERE state IN ('queued', 'running'))::integer AS waiting,
            count(*) FILTER (WHERE state = 'done' AND expires_at > now())::integer AS kept
     FROM exports WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0] ?? { waiting: 0, kept: 0 };
}

/** Up to `limit` exports after `after`, the youngest first. */
export function listExports(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(ExportRow & ListPosition)[]> {
  return sql(
    `SELECT ${EXPORT_COLUMNS}, x.requested_at::text AS "sortKey" FROM exports x
     WHERE x.tenant_id = $1 AND (x.requested_at, x.id) < ($2::timestamptz, $3::uuid)
     ORDER BY x.requested_at DESC, x.id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

/** One export; undefined when the tenant has none with that id. */
export async function findExport(sql: Sql, tenantId: TenantId, id: string): Promise<ExportRow | undefined> {
  const rows = await sql<ExportRow>(
    `SELECT ${EXPORT_COLUMNS} FROM exports x WHERE x.tenant_id = $1 AND x.id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/** The same, while the tenant is not suspended. */
export async function findExportOfActive(
  sql: Sql,
  tenantId: TenantId,
  id: string,
): Promise<ExportRow | undefined> {
  const rows = await sql<ExportRow>(
    `SELECT ${EXPORT_COLUMNS} FROM tenants t JOIN exports x ON x.tenant_id = $1
     WHERE t.tenant_id = $1 AND t.status = 'active' AND x.id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

/** Removes an export with its file. Returns whether there was one. */
export async function deleteExport(sql: Sql, tenantId: TenantId, id: string): Promise<boolean> {
  const rows = await sql(`DELETE FROM exports WHERE tenant_id = $1 AND id = $2 RETURNING id`, [tenantId, id]);
  return rows.length > 0;
}
