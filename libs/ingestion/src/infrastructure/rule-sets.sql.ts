import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { CountingBasis, RuleSet } from '../domain/rule-set.js';

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

/** By what the downloads of a UTC day that are shown are counted; undefined for a day that was not counted yet. */
export async function basisOfDay(
  sql: Sql,
  tenantId: TenantId,
  day: string,
): Promise<CountingBasis | undefined> {
  const rows = await sql<RuleSet & { filesAsOf: string }>(
    `SELECT ${COLUMNS}, c.files_as_of::text AS "filesAsOf" FROM counted_days c JOIN rule_sets r ON r.tenant_id = $1 AND r.id = c.rule_set_id
     WHERE c.tenant_id = $1 AND c.day = $2`,
    [tenantId, day],
  );
  return rows.map(({ filesAsOf, ...ruleSet }) => ({ ruleSet, filesAsOf }))[0];
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

/**
 * Shows a UTC day that was not counted yet under a rule set, with what is known of files at its end, or now if that is
 * later. Call it under {@link lockEpisodeFiles}. Nothing happens to a day that is shown already.
 */
export async function showFirst(sql: Sql, tenantId: TenantId, ruleSetId: string, day: string): Promise<void> {
  await sql(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     VALUES ($1, $2, $3, greatest(($2::date + 1)::timestamp AT TIME ZONE 'UTC', clock_timestamp()))
     ON CONFLICT (tenant_id, day) DO NOTHING`,
    [tenantId, day, ruleSetId],
  );
}
