import type { LoginSession } from '../../connect-as-login.js';

/** Events that the rollups of each tenant's network show for the UTC days since `since`, by the tenant's number. */
export async function shownEvents({ sql }: LoginSession, since: Date): Promise<Map<number, number>> {
  const rows = await sql<{ number: number; events: string }>(
    `SELECT t.number, sum(m.value) AS events FROM bench.tenants t
     CROSS JOIN LATERAL (
       SELECT value FROM listener_totals
       WHERE tenant_id = t.tenant_id AND grain = 'day' AND dimension = 'none' AND bucket >= $1
         AND podcast_id = '00000000-0000-0000-0000-000000000000' AND metric NOT IN ('downloads', 'listen_time')
       OFFSET 0
     ) m GROUP BY 1`,
    [since],
  );
  return new Map(rows.map(({ number, events }) => [number, Number(events)]));
}

/** For how many seconds the oldest mark of each kind has waited; kinds without any are left out. */
export async function oldestMarks({ sql }: LoginSession): Promise<Map<string, number>> {
  const rows = await sql<{ kind: string; seconds: number }>(
    `SELECT kind, extract(epoch FROM clock_timestamp() - min(marked_at))::float8 AS seconds FROM dirty_buckets
     WHERE kind IN ('count', 'slice', 'dimension', 'audience') GROUP BY 1`,
  );
  return new Map(rows.map(({ kind, seconds }) => [kind, seconds]));
}

/** The ten newest episodes of each tenant. */
export async function newestEpisodes({ sql }: LoginSession): Promise<Map<string, string[]>> {
  const rows = await sql<{ tenantId: string; ids: string[] }>(
    `SELECT t.tenant_id AS "tenantId", e.ids FROM bench.tenants t
     CROSS JOIN LATERAL (
       SELECT array_agg(episode_id) AS ids FROM (
         SELECT episode_id FROM bench.episodes WHERE number = t.number ORDER BY published_at DESC LIMIT 10
       ) newest
     ) e`,
  );
  return new Map(rows.map(({ tenantId, ids }) => [tenantId, ids]));
}
