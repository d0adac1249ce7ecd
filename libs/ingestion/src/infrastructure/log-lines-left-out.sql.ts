import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { LogLines } from '../domain/methodology/methodology-input.js';

/**
 * Lines of logs that became no requests, of all files whose import has requests of some UTC days, both included. A line
 * that cannot be read names no day, so that a file counts as a whole.
 */
export async function logLinesLeftOut(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<LogLines> {
  const rows = await sql<LogLines>(
    `SELECT coalesce(sum(f.faults), 0)::float8 AS unreadable, coalesce(sum(f.conflicts), 0)::float8 AS contradicting,
            (count(*) FILTER (WHERE f.finished_at IS NULL))::integer AS "unfinishedFiles"
     FROM import_files f JOIN imports i ON i.tenant_id = $1 AND i.id = f.import_id
     WHERE f.tenant_id = $1 AND i.first_day <= $3 AND i.last_day >= $2`,
    [tenantId, firstDay, lastDay],
  );
  return rows[0] ?? { unreadable: 0, contradicting: 0, unfinishedFiles: 0 };
}
