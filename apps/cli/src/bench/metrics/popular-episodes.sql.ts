import type { LoginSession } from '../../connect-as-login.js';

/** An episode of each tenant that has downloads on many days, by the tenant. */
export async function popularEpisodes({ sql }: LoginSession): Promise<Map<string, string>> {
  const rows = await sql<{ tenantId: string; episodeId: string }>(
    `SELECT t.tenant_id AS "tenantId", e.episode_id AS "episodeId" FROM bench.tenants t CROSS JOIN LATERAL (
       SELECT episode_id FROM release_totals WHERE tenant_id = t.tenant_id ORDER BY days_366 DESC, episode_id LIMIT 1
     ) e`,
  );
  return new Map(rows.map(({ tenantId, episodeId }) => [tenantId, episodeId]));
}
