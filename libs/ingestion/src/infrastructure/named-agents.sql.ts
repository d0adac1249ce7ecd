import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A user agent with the app and the category of device that it belongs to. */
export interface NamedAgent {
  readonly id: string;
  readonly app: string;
  readonly device: string;
}

/** Some user agents that nobody has named, at most `limit`. */
export function unnamedAgents(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
): Promise<{ id: string; value: string }[]> {
  return sql(`SELECT id, value FROM user_agents WHERE tenant_id = $1 AND app IS NULL ORDER BY id LIMIT $2`, [
    tenantId,
    limit,
  ]);
}

/** Stores what user agents are. One that was named meanwhile keeps its name. */
export async function nameStoredAgents(
  sql: Sql,
  tenantId: TenantId,
  agents: readonly NamedAgent[],
): Promise<void> {
  await sql(
    `UPDATE user_agents u SET app = n.app, device = n.device
     FROM unnest($2::bigint[], $3::text[], $4::text[]) AS n (id, app, device)
     WHERE u.tenant_id = $1 AND u.id = n.id AND u.app IS NULL`,
    [tenantId, agents.map(({ id }) => id), agents.map(({ app }) => app), agents.map(({ device }) => device)],
  );
}
