import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { TablePosition } from '../../domain/exports/exported-column.js';
import type { ExportRow } from '../../domain/exports/export-row.js';
import { EXPORT_COLUMNS } from './exports.sql.js';

/** The export that waits longest, begun or not, kept from being removed until the transaction ends. */
export async function nextExport(sql: Sql, tenantId: TenantId): Promise<ExportRow | undefined> {
  const rows = await sql<ExportRow>(
    `SELECT ${EXPORT_COLUMNS} FROM exports x
     WHERE x.tenant_id = $1 AND x.state IN ('queued', 'running')
     ORDER BY x.requested_at, x.id LIMIT 1 FOR UPDATE`,
    [tenantId],
  );
  return rows[0];
}

/** How far an export has come with a portion. */
export interface ExportAdvance {
  readonly position: TablePosition | null;
  readonly pieces: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Notes how far an export is: in the transaction that stores the pieces. */
export async function advanceExport(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  { position, pieces, rows, bytes }: ExportAdvance,
): Promise<void> {
  await sql(
    `UPDATE exports SET state = 'running', started_at = coalesce(started_at, now()), position = $3, pieces = $4, rows = $5,
            bytes = $6
     WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, position === null ? null : JSON.stringify(position), pieces, rows, bytes],
  );
}

/** Says that the file is whole, and for how many hours it is kept. */
export async function finishExport(sql: Sql, tenantId: TenantId, id: string, hours: number): Promise<void> {
  await sql(
    `UPDATE exports SET state = 'done', done_at = now(), expires_at = now() + make_interval(hours => $3)
     WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, hours],
  );
}

/** Gives an export up, whatever was written of it included. `error` is for the people who asked for it. */
export async function failExport(sql: Sql, tenantId: TenantId, id: string, error: string): Promise<void> {
  await sql(
    `WITH gone AS (DELETE FROM export_pieces WHERE tenant_id = $1 AND export_id = $2)
     UPDATE exports SET state = 'failed', done_at = now(), error = $3, pieces = 0, bytes = 0
     WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, error],
  );
}

/** Whether the tenant has exports that are not done. */
export async function hasWaitingExports(sql: Sql, tenantId: TenantId): Promise<boolean> {
  const rows = await sql(
    `SELECT id FROM exports WHERE tenant_id = $1 AND state IN ('queued', 'running') LIMIT 1`,
    [tenantId],
  );
  return rows.length > 0;
}

/** Removes the files whose time is over. Returns how many. */
export async function expireExports(sql: Sql, tenantId: TenantId, now: Date): Promise<number> {
  const rows = await sql(
    `WITH over AS (
       UPDATE exports SET state = 'expired' WHERE tenant_id = $1 AND state = 'done' AND expires_at <= $2 RETURNING id
     ), gone AS (
       DELETE FROM export_pieces WHERE tenant_id = $1 AND export_id IN (SELECT id FROM over)
     )
     SELECT id FROM over`,
    [tenantId, now],
  );
  return rows.length;
}

/** Removes what is known of exports that ended before an instant. */
export async function forgetExports(sql: Sql, tenantId: TenantId, before: Date): Promise<void> {
  await sql(`DELETE FROM exports WHERE tenant_id = $1 AND state IN ('failed', 'expired') AND done_at < $2`, [
    tenantId,
    before,
  ]);
}

/** Whether the tenant has exports, in whatever state. */
export async function hasExports(sql: Sql, tenantId: TenantId): Promise<boolean> {
  const rows = await sql(`SELECT id FROM exports WHERE tenant_id = $1 LIMIT 1`, [tenantId]);
  return rows.length > 0;
}
