import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Takes back the files that hold single requests of listeners, because one of these listeners was erased: a finished file is
 * gone, one that is being written begins again. Returns how many files that concerned.
 *
 * Whoever writes such a file holds its row: the lock waits for the portion that may have been read before the erasure, and only
 * the statement after it sees the pieces which that portion left. The tables are those that metrics writes.
 */
export async function withdrawExports(sql: Sql, tenantId: TenantId): Promise<number> {
  await sql(
    `SELECT id FROM exports
     WHERE tenant_id = $1 AND of_listeners AND state IN ('queued', 'running', 'done') ORDER BY id FOR UPDATE`,
    [tenantId],
  );
  const rows = await sql<{ files: number }>(
    `WITH concerned AS (
       UPDATE exports
       SET state = CASE state WHEN 'done' THEN 'expired' ELSE 'queued' END,
           error = CASE state WHEN 'done' THEN 'A listener in the file was erased: ask for it again.' END,
           position = NULL, pieces = 0, rows = 0, bytes = 0, started_at = NULL
       WHERE tenant_id = $1 AND of_listeners AND state IN ('running', 'done')
       RETURNING id
     ), gone AS (
       DELETE FROM export_pieces WHERE tenant_id = $1 AND export_id IN (SELECT id FROM concerned)
     )
     SELECT count(*)::integer AS files FROM concerned`,
    [tenantId],
  );
  return rows[0]?.files ?? 0;
}
