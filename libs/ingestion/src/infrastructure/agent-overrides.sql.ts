import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { AgentOverride } from '../domain/classification/agent-override.js';

/** An override with what people say about it. */
export interface AgentOverrideRow extends AgentOverride {
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Null while it stands. */
  readonly removedAt: Date | null;
}

const COLUMNS = `id, kind, name, pattern, agent_kind AS "agentKind", asn::float8 AS asn, country,
  valid_from::text AS "from", valid_until::text AS "until", reason, created_by AS "createdBy",
  created_at AS "createdAt", removed_at AS "removedAt"`;

/** Some overrides, those that were removed included, in the order in which they were added. */
export function someAgentOverrides(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<AgentOverrideRow[]> {
  return sql<AgentOverrideRow>(
    `SELECT ${COLUMNS} FROM agent_overrides WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) ORDER BY created_at, id`,
    [tenantId, ids],
  );
}

/** The overrides that were not removed, in the order in which they were added. */
export function standingAgentOverrides(sql: Sql, tenantId: TenantId): Promise<AgentOverrideRow[]> {
  return sql<AgentOverrideRow>(
    `SELECT ${COLUMNS} FROM agent_overrides WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY created_at, id`,
    [tenantId],
  );
}

/** Up to `limit` overrides, the youngest first, after `after`; those that were removed only if wanted. */
export function listAgentOverrides(
  sql: Sql,
  tenantId: TenantId,
  withRemoved: boolean,
  limit: number,
  after: ListPosition,
): Promise<(AgentOverrideRow & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, created_at::text AS "sortKey" FROM agent_overrides
     WHERE tenant_id = $1 AND ($2 OR removed_at IS NULL) AND (created_at, id) < ($3::timestamptz, $4::uuid)
     ORDER BY agent_overrides.created_at DESC, id DESC LIMIT $5`,
    [tenantId, withRemoved, after.sortKey, after.id, limit],
  );
}

/** Stores an override. False when as many stand as may. Two that come at once may both be let in. */
export async function insertAgentOverride(
  sql: Sql,
  tenantId: TenantId,
  override: AgentOverride & Pick<AgentOverrideRow, 'reason' | 'createdBy'>,
  mostStanding: number,
): Promise<boolean> {
  const { id, kind, name, pattern, agentKind, asn, country, from, until, reason, createdBy } = override;
  const rows = await sql(
    `INSERT INTO agent_overrides (tenant_id, id, kind, name, pattern, agent_kind, asn, country, valid_from, valid_until,
                                  reason, created_by)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
     WHERE (SELECT count(*) FROM agent_overrides WHERE tenant_id = $1 AND removed_at IS NULL) < $13 RETURNING 1`,
    [
      tenantId,
      id,
      kind,
      name,
      pattern,
      agentKind,
      asn,
      country,
      from,
      until,
      reason,
      createdBy,
      mostStanding,
    ],
  );
  return rows.length === 1;
}

/** Removes an override; the row stays. False when it does not stand. */
export async function removeAgentOverride(sql: Sql, tenantId: TenantId, id: string): Promise<boolean> {
  const rows = await sql(
    `UPDATE agent_overrides SET removed_at = now() WHERE tenant_id = $1 AND id = $2 AND removed_at IS NULL RETURNING 1`,
    [tenantId, id],
  );
  return rows.length === 1;
}
