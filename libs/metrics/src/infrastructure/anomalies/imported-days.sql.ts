import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** For how many of the UTC days `first` to `last`, both included and `YYYY-MM-DD`, log files were imported. */
export async function importedDays(
  sql: Sql,
  tenantId: TenantId,
  first: string,
  last: string,
): Promise<number> {
  const rows = await sql<{ days: number }>(
    `SELECT count(DISTINCT d.day)::integer AS days
     FROM imports i CROSS JOIN generate_series($2::date, $3::date, interval '1 day') AS d (day)
     WHERE i.tenant_id = $1 AND i.state <> 'replaced' AND d.day BETWEEN i.first_day AND i.last_day`,
    [tenantId, first, last],
  );
  return rows[0]?.days ?? 0;
}
