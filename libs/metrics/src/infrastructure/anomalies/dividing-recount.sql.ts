import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * The last recount that was applied to a UTC day, or to days that it is compared with, where the day is shown under
 * another rule set than most of them. Null where there is none.
 *
 * @param day `YYYY-MM-DD`; so are `others`
 */
export async function dividingRecount(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  others: readonly string[],
): Promise<string | null> {
  const rows = await sql<{ id: string }>(
    `SELECT r.id FROM recounts r
     WHERE r.tenant_id = $1 AND r.state = 'applied'
       AND (2 * (SELECT count(*) FROM counted_days o JOIN counted_days d ON d.tenant_id = $1 AND d.day = $2
                 WHERE o.tenant_id = $1 AND o.day = ANY ($3::date[]) AND o.rule_set_id <> d.rule_set_id)
            > (SELECT count(*) FROM counted_days o WHERE o.tenant_id = $1 AND o.day = ANY ($3::date[])))
       AND EXISTS (SELECT FROM unnest($3::date[] || $2::date) AS covered (day)
                   WHERE covered.day BETWEEN r.first_day AND r.last_day)
     ORDER BY r.decided_at DESC LIMIT 1`,
    [tenantId, day, others],
  );
  return rows[0]?.id ?? null;
}
