import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RuleSet } from '../domain/rule-set.js';

const COLUMNS = `r.id, r.version, r.valid_from::text AS "validFrom", r.rules, r.agent_list AS "agentList",
  r.agent_overrides AS "agentOverrides", r.note, r.created_by AS "createdBy", r.created_at AS "createdAt"`;

/** Every rule set of the tenant, the one valid last first. */
export function listRuleSets(sql: Sql, tenantId: TenantId): Promise<RuleSet[]> {
  return sql<RuleSet>(
    `SELECT ${COLUMNS} FROM rule_sets r WHERE r.tenant_id = $1 ORDER BY r.valid_from DESC, r.created_at DESC`,
    [tenantId],
  );
}

/** One rule set, or undefined when the tenant has none with that id. */
export async function findRuleSet(sql: Sql, tenantId: TenantId, id: string): Promise<RuleSet | undefined> {
  const rows = await sql<RuleSet>(`SELECT ${COLUMNS} FROM rule_sets r WHERE r.tenant_id = $1 AND r.id = $2`, [
    tenantId,
    id,
  ]);
  return rows[0];
}

/** Under which rule set a UTC day is shown; undefined for a day that was not counted yet. */
export async function ruleSetOfDay(sql: Sql, tenantId: TenantId, day: string): Promise<RuleSet | undefined> {
  const rows = await sql<RuleSet>(
    `SELECT ${COLUMNS} FROM counted_days c JOIN rule_sets r ON r.tenant_id = $1 AND r.id = c.rule_set_id
     WHERE c.tenant_id = $1 AND c.day = $2`,
    [tenantId, day],
  );
  return rows[0];
}

/** The rule set that is valid on a UTC day; of several from one day, the youngest. */
export async function ruleSetFor(sql: Sql, tenantId: TenantId, day: string): Promise<RuleSet | undefined> {
  const rows = await sql<RuleSet>(
    `SELECT ${COLUMNS} FROM rule_sets r WHERE r.tenant_id = $1 AND r.valid_from <= $2
     ORDER BY r.valid_from DESC, r.created_at DESC LIMIT 1`,
    [tenantId, day],
  );
  return rows[0];
}

/** Stores a rule set. False when its version is taken. */
export async function insertRuleSet(
  sql: Sql,
  tenantId: TenantId,
  ruleSet: Omit<RuleSet, 'createdAt'>,
): Promise<boolean> {
  const rows = await sql(
    `INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, agent_overrides, note, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (tenant_id, version) DO NOTHING RETURNING 1`,
    [
      tenantId,
      ruleSet.id,
      ruleSet.version,
      ruleSet.validFrom,
      JSON.stringify(ruleSet.rules),
      ruleSet.agentList,
      ruleSet.agentOverrides,
      ruleSet.note,
      ruleSet.createdBy,
    ],
  );
  return rows.length === 1;
}

/** Shows UTC days under a rule set from now on. */
export async function showDaysUnder(
  sql: Sql,
  tenantId: TenantId,
  ruleSetId: string,
  days: readonly string[],
): Promise<void> {
  await sql(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id) SELECT $1, day, $2 FROM unnest($3::date[]) AS d (day)
     ON CONFLICT (tenant_id, day) DO UPDATE SET rule_set_id = EXCLUDED.rule_set_id, counted_at = now()`,
    [tenantId, ruleSetId, days],
  );
}
