import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A user agent and the requests for files that came with it in a range. */
export interface RequestingAgent {
  /** Of the dictionary. */
  readonly id: string;
  /** As it is stored: cleaned. */
  readonly userAgent: string;
  readonly requests: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

/** Where a list of agents goes on: what its last one had. */
export type AgentPosition = Pick<RequestingAgent, 'id' | 'requests'>;

/** Rows that one FETCH brings. */
const FETCH_ROWS = 1_000;

/**
 * The agents of a range that come after a position, in portions, those with most requests first. Memory holds one portion.
 * Keep the transaction open meanwhile; one such reading at a time. May be left early.
 */
export async function* requestingAgents(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  after: AgentPosition | undefined,
): AsyncGenerator<RequestingAgent[]> {
  await sql(`DECLARE requesting_agents NO SCROLL CURSOR FOR ${REQUESTING_AGENTS}`, [
    tenantId,
    from,
    to,
    after?.requests ?? null,
    after?.id ?? null,
  ]);
  try {
    for (;;) {
      const rows = await sql<RequestingAgent>(`FETCH ${FETCH_ROWS} FROM requesting_agents`);
      if (rows.length > 0) yield rows;
      if (rows.length < FETCH_ROWS) return;
    }
  } finally {
    await sql('CLOSE requesting_agents');
  }
}

const REQUESTING_AGENTS = `
  SELECT a.id, u.value AS "userAgent", a.requests::float8 AS requests, a.first_seen AS "firstSeenAt",
         a.last_seen AS "lastSeenAt"
  FROM (SELECT user_agent_id AS id, count(*) AS requests, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen
        FROM listener_events
        WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND event_type = 'download_request'
          AND user_agent_id IS NOT NULL
        GROUP BY 1) a
  JOIN user_agents u ON u.tenant_id = $1 AND u.id = a.id
  WHERE $4::bigint IS NULL OR (a.requests, a.id) < ($4, $5::bigint)
  ORDER BY a.requests DESC, a.id DESC`;

/** How many downloads the requests of some agents completed. */
export interface AgentDownloads {
  readonly id: string;
  readonly originBytes: number;
  readonly prefixOnly: number;
}

/** The downloads that are shown and that requests of some agents completed in a range. Agents without one are left out. */
export function agentDownloads(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  ids: readonly string[],
): Promise<AgentDownloads[]> {
  return sql<AgentDownloads>(
    `SELECT l.user_agent_id AS id,
            (count(*) FILTER (WHERE d.evidence = 'origin_bytes'))::float8 AS "originBytes",
            (count(*) FILTER (WHERE d.evidence = 'prefix_only'))::float8 AS "prefixOnly"
     FROM listener_events l
     JOIN counted_days c ON c.tenant_id = $1 AND c.day = (l.occurred_at AT TIME ZONE 'UTC')::date
     JOIN downloads d ON d.tenant_id = $1 AND d.rule_set_id = c.rule_set_id AND d.settled_day = c.day
       AND d.address_day_id = coalesce(l.address_day_id, 0) AND d.download_id = l.event_id AND d.settled_at = l.occurred_at
     WHERE l.tenant_id = $1 AND l.occurred_at >= $2 AND l.occurred_at < $3 AND l.event_type = 'download_request'
       AND l.user_agent_id = ANY ($4::bigint[])
     GROUP BY 1`,
    [tenantId, from, to, ids],
  );
}
