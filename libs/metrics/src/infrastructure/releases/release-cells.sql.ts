import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** One day in the life of an episode: `ageDay` 0 is the first 24 hours. */
export interface ReleaseCell {
  episodeId: string;
  ageDay: number;
}

/** SQL for the two ages that share a UTC day, of an episode that began at `started_at`. */
const agesOn = (day: string) => `
  CROSS JOIN LATERAL (SELECT floor(extract(epoch FROM ${day} - s.started_at) / 86400)::integer AS age) first
  CROSS JOIN generate_series(first.age, first.age + 1) AS a (age_day)`;
const IN_BOUNDS = 'a.age_day BETWEEN 0 AND 365';

/** The cells that downloads of a UTC day belong to, or did when they were built. */
export function cellsOfDay(sql: Sql, tenantId: TenantId, day: Date): Promise<ReleaseCell[]> {
  return sql(
    `WITH alive AS MATERIALIZED (
       SELECT s.episode_id, a.age_day
       FROM release_starts s ${agesOn('$2::timestamptz')}
       WHERE s.tenant_id = $1 AND s.started_at < $2::timestamptz + interval '24 hours'
         AND s.started_at > $2::timestamptz - interval '366 days' AND ${IN_BOUNDS}
     ), counted AS MATERIALIZED (
       SELECT DISTINCT episode_id FROM listener_metrics
       WHERE tenant_id = $1 AND grain = 'day' AND dimension = 'none' AND bucket = $2 AND metric = 'downloads'
     )
     SELECT a.episode_id AS "episodeId", a.age_day AS "ageDay" FROM alive a
     WHERE a.episode_id IN (SELECT episode_id FROM counted)
        OR EXISTS (SELECT FROM release_curves c
                   WHERE c.tenant_id = $1 AND c.episode_id = a.episode_id AND c.age_day = a.age_day)`,
    [tenantId, day],
  );
}

/** Every cell that some episodes have, or should have. */
export function cellsOfEpisodes(
  sql: Sql,
  tenantId: TenantId,
  episodeIds: readonly string[],
): Promise<ReleaseCell[]> {
  return sql(
    `SELECT c.episode_id AS "episodeId", c.age_day AS "ageDay" FROM release_curves c
     WHERE c.tenant_id = $1 AND c.episode_id = ANY ($2::uuid[])
     UNION
     SELECT s.episode_id, a.age_day
     FROM release_starts s
     CROSS JOIN LATERAL (
       SELECT m.bucket FROM listener_metrics m
       WHERE m.tenant_id = $1 AND m.episode_id = s.episode_id AND m.grain = 'day' AND m.dimension = 'none'
         AND m.metric = 'downloads'
       OFFSET 0
     ) days ${agesOn('days.bucket')}
     WHERE s.tenant_id = $1 AND s.episode_id = ANY ($2::uuid[]) AND ${IN_BOUNDS}`,
    [tenantId, episodeIds],
  );
}
