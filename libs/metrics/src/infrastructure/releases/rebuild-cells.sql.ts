import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { FOLLOWED_DAYS, HORIZONS } from '../../domain/releases/release-age.js';
import type { ReleaseCell } from './release-cells.sql.js';

const KEY = 'episode_id, age_day, evidence, rule_set_id';
/** Cells of which slices are gone stay as they are. */
const NOT_THINNED = `s.started_at + c.age_day * interval '24 hours'
         >= coalesce((SELECT slices_from FROM retention_horizons WHERE tenant_id = $1), '-infinity')`;
const hourAtOrAfter = (at: string) => `date_bin('1 hour', ${at} + interval '55 minutes', 'epoch')`;
const hourAtOrBefore = (at: string) => `date_bin('1 hour', ${at}, 'epoch')`;

const SUMS = [...HORIZONS, FOLLOWED_DAYS].map((days) => ({
  column: `days_${days}`,
  added: `coalesce(sum(added) FILTER (WHERE age_day < ${days}), 0)`,
}));

/** What changed in cells is added to their episode's totals: the tenant's lock keeps others from adding it, too. */
const ADD_TO_TOTALS = `
  INSERT INTO release_totals AS t (tenant_id, episode_id, evidence, ${SUMS.map(({ column }) => column).join(', ')})
  SELECT $1, episode_id, evidence, ${SUMS.map(({ added }) => added).join(', ')}
  FROM difference GROUP BY episode_id, evidence
  ON CONFLICT (tenant_id, episode_id, evidence) DO UPDATE
    SET ${SUMS.map(({ column }) => `${column} = t.${column} + EXCLUDED.${column}`).join(', ')}`;

/**
 * Makes cells of release curves say what the rollups say: of each 24 hours the whole UTC hours, and the slices before and
 * after them. Cells that are right are not written; those of an episode without a start go. Call it under the tenant's
 * lock of stage `release`.
 *
 * @returns how many rows were written or removed
 */
export async function rebuildCells(
  sql: Sql,
  tenantId: TenantId,
  cells: readonly ReleaseCell[],
): Promise<number> {
  if (cells.length === 0) return 0;
  const rows = await sql<{ written: number }>(
    `WITH cells AS MATERIALIZED (
       SELECT c.episode_id, c.age_day, s.podcast_id, s.started_at + c.age_day * interval '24 hours' AS low
       FROM unnest($2::uuid[], $3::integer[]) AS c (episode_id, age_day)
       LEFT JOIN release_starts s ON s.tenant_id = $1 AND s.episode_id = c.episode_id
       WHERE ${NOT_THINNED} OR s.started_at IS NULL
     ), pieces AS MATERIALIZED (
       SELECT c.episode_id, c.age_day, c.podcast_id, p.grain, p.low, p.high
       FROM cells c
       CROSS JOIN LATERAL (SELECT c.low + interval '24 hours' AS high) ends
       CROSS JOIN LATERAL (VALUES
         ('slice', c.low, ${hourAtOrAfter('c.low')}),
         ('hour', ${hourAtOrAfter('c.low')}, ${hourAtOrBefore('ends.high')}),
         ('slice', ${hourAtOrBefore('ends.high')}, ends.high)) AS p (grain, low, high)
       WHERE p.low < p.high
     ), fresh AS MATERIALIZED (
       SELECT p.episode_id, p.age_day, p.podcast_id, m.evidence, m.rule_set_id, sum(m.value)::bigint AS downloads
       FROM pieces p
       CROSS JOIN LATERAL (
         SELECT evidence, rule_set_id, value FROM listener_metrics
         WHERE tenant_id = $1 AND episode_id = p.episode_id AND grain = p.grain AND metric = 'downloads'
           AND dimension = 'none' AND bucket >= p.low AND bucket < p.high
         OFFSET 0
       ) m
       GROUP BY 1, 2, 3, 4, 5
     ), stored AS MATERIALIZED (
       SELECT r.* FROM cells c
       CROSS JOIN LATERAL (
         SELECT * FROM release_curves WHERE tenant_id = $1 AND episode_id = c.episode_id AND age_day = c.age_day OFFSET 0
       ) r
     ), difference AS MATERIALIZED (
       SELECT ${KEY}, max(podcast_id::text)::uuid AS podcast_id, max(fresh) AS downloads,
              coalesce(max(fresh), 0) - coalesce(max(stored), 0) AS added
       FROM (SELECT ${KEY}, podcast_id, downloads AS fresh, NULL AS stored FROM fresh
             UNION ALL
             SELECT ${KEY}, podcast_id, NULL, downloads FROM stored) both_sides
       GROUP BY ${KEY} HAVING max(fresh) IS DISTINCT FROM max(stored)
     ), gone AS MATERIALIZED (
       SELECT ${KEY} FROM difference WHERE downloads IS NULL
     ), removed AS (
       DELETE FROM release_curves c USING gone g
       WHERE EXISTS (SELECT FROM gone) AND c.tenant_id = $1 AND c.episode_id = g.episode_id AND c.age_day = g.age_day
         AND c.evidence = g.evidence AND c.rule_set_id = g.rule_set_id
       RETURNING 1
     ), written AS (
       INSERT INTO release_curves (tenant_id, ${KEY}, podcast_id, downloads)
       SELECT $1, ${KEY}, podcast_id, downloads FROM difference WHERE downloads IS NOT NULL
       ON CONFLICT (tenant_id, ${KEY}) DO UPDATE SET downloads = EXCLUDED.downloads, podcast_id = EXCLUDED.podcast_id
       RETURNING 1
     ), totals AS (${ADD_TO_TOTALS}
     )
     SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`,
    [tenantId, cells.map(({ episodeId }) => episodeId), cells.map(({ ageDay }) => ageDay)],
  );
  return rows[0]?.written ?? 0;
}
