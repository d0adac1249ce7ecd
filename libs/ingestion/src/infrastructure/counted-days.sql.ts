import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { CountingRules } from '../domain/counting/counting-rules.js';

/** A rule set, and the UTC days of a range that are shown under it. */
export interface RuleSetDays {
  readonly id: string;
  readonly version: string;
  readonly rules: CountingRules;
  /** `YYYY-MM-DD`, ascending. */
  readonly days: readonly string[];
}

/** Under which rule sets the UTC days of a range are shown, in the order of their first day. */
export function countedDays(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<RuleSetDays[]> {
  return sql<RuleSetDays>(
    `SELECT r.id, r.version, r.rules, array_agg(c.day::text ORDER BY c.day) AS days
     FROM counted_days c JOIN rule_sets r ON r.tenant_id = $1 AND r.id = c.rule_set_id
     WHERE c.tenant_id = $1 AND c.day BETWEEN $2 AND $3
     GROUP BY r.id, r.version, r.rules ORDER BY min(c.day)`,
    [tenantId, firstDay, lastDay],
  );
}

/** The first UTC day that was counted, `YYYY-MM-DD`; null where none was. */
export async function firstCountedDay(sql: Sql, tenantId: TenantId): Promise<string | null> {
  const rows = await sql<{ day: string | null }>(
    `SELECT min(day)::text AS day FROM counted_days WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows[0]?.day ?? null;
}
