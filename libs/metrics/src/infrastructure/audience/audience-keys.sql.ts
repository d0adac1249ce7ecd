import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import type { AudienceKeys } from '../../domain/audience/audience-parts.js';

/** How long the tenant's audience keys hold, and the UTC days of its log imports, each of which has keys of its own. */
export async function audienceKeys(sql: Sql, tenantId: TenantId): Promise<AudienceKeys> {
  const rows = await sql<{ periodDays: number | null; imports: { first: string; last: string }[] }>(
    `SELECT (SELECT audience_period_days FROM tenant_settings WHERE tenant_id = $1) AS "periodDays",
            (SELECT coalesce(jsonb_agg(jsonb_build_object('first', first_day, 'last', last_day) ORDER BY first_day, id), '[]')
             FROM imports WHERE tenant_id = $1 AND state <> 'replaced' AND first_day IS NOT NULL) AS imports`,
    [tenantId],
  );
  const { periodDays = null, imports = [] } = rows[0] ?? {};
  return {
    periodDays: periodDays ?? 90,
    imports: imports.map(({ first, last }) => ({ from: Date.parse(first), to: Date.parse(last) + DAY_MS })),
  };
}
