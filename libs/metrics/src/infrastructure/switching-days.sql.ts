import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { CountedRange } from '../domain/read-range.js';

/**
 * The UTC days of a range, `YYYY-MM-DD`, whose rollups have not followed a recount that was applied: in them the downloads
 * of both rule sets may stand. A recount is applied to all of its days in one transaction, which leaves marks of exactly
 * that moment; rollups are rebuilt by day, each in one transaction with the removal of its marks.
 */
export async function switchingDays(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: CountedRange,
): Promise<string[]> {
  const rows = await sql<{ day: string }>(
    `SELECT DISTINCT (bucket AT TIME ZONE 'UTC')::date::text AS day FROM dirty_buckets
     WHERE tenant_id = $1 AND kind IN ('count', 'slice') AND bucket >= $2 AND bucket < $3
       AND marked_at IN (SELECT decided_at FROM recounts WHERE tenant_id = $1 AND state = 'applied')
     ORDER BY 1`,
    [tenantId, new Date(from), new Date(to)],
  );
  return rows.map(({ day }) => day);
}
