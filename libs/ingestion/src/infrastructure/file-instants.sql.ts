import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';

/**
 * The instant at which a UTC day knows the file of each of some episodes: the day's own, or when its first request for
 * the episode came in, where that is later. Nobody has seen a number of an episode that was not asked for, and sizes are often set
 * just before a log of old days is imported.
 *
 * Only files of which something became known after the day's instant are looked for among its requests: mostly none.
 */
export async function fileInstants(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
  day: Date,
  filesAsOf: string,
): Promise<Map<string, string>> {
  const instants = new Map(episodeIds.map((id) => [id, filesAsOf]));
  const late = await sql<{ id: string }>(
    `SELECT DISTINCT episode_id AS id FROM episode_files
     WHERE tenant_id = $1 AND known_from > $3 AND episode_id = ANY ($2::uuid[])`,
    [tenantId, episodeIds, filesAsOf],
  );
  if (late.length === 0) return instants;
  const firsts = await sql<{ id: string; instant: string }>(
    `SELECT episode_id AS id, greatest(min(received_at), $5::timestamptz)::text AS instant FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $3 AND occurred_at < $4 AND event_type = 'download_request'
       AND episode_id = ANY ($2::uuid[])
     GROUP BY 1`,
    [tenantId, late.map(({ id }) => id), day, new Date(day.getTime() + DAY_MS), filesAsOf],
  );
  for (const { id, instant } of firsts) instants.set(id, instant);
  return instants;
}
