import type { Sql } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { NO_SHOW } from './audience-sets.js';

/** Ids in a sketch: an estimate from one of them has a standard error of 2 %. 20 kB at most. */
export const SKETCH_SIZE = 2_500;

/** SQL for the instant from which downloads and sketches are kept: what there is of days before it is not touched. */
const KEPT_FROM = `coalesce((SELECT greatest(downloads_from, days_from) FROM retention_horizons WHERE tenant_id = $1),
                            '-infinity')`;

/**
 * Makes the sketches of a UTC day say who its shown downloads were by: for each episode, for each podcast and for the
 * network. Sketches that are right are not written. Call it under the day's lock.
 *
 * Days of which retention has removed downloads or sketches are left as they are: the snapshot that reads downloads decides it, so a
 * horizon that moves meanwhile can neither empty a sketch nor bring one back.
 *
 * The downloads of the day are read before it is asked which are shown (`OFFSET 0`): the planner takes a tenant's downloads of
 * any one day for fewer than they are, and would read those of its whole history, one day after the other.
 *
 * One series at a time, so that a day of a million downloads is sorted in parts of half the size.
 *
 * @param day 00:00 UTC; downloads are of the day on which they began
 * @param size ids that a sketch keeps
 * @returns how many sketches were written or removed
 */
export async function rebuildAudience(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  size = SKETCH_SIZE,
): Promise<number> {
  let written = 0;
  for (const series of ['a', 'b']) written += await rebuildSeries(sql, tenantId, day, series, size);
  return written;
}

async function rebuildSeries(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  series: string,
  size: number,
): Promise<number> {
  const rows = await sql<{ written: number }>(
    `WITH shown AS (
       SELECT d.podcast_id, d.episode_id, d.evidence, d.rule_set_id,
              CASE $5 WHEN 'a' THEN d.audience_a ELSE d.audience_b END AS id
       FROM (
         SELECT * FROM downloads
         WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND $2 >= ${KEPT_FROM}
         OFFSET 0
       ) d
       JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
     ), grouped AS MATERIALIZED (
       SELECT coalesce(podcast_id, ${NO_SHOW}) AS podcast_id, coalesce(episode_id, ${NO_SHOW}) AS episode_id, evidence,
              rule_set_id, count(*) FILTER (WHERE id IS NULL) AS unidentified,
              coalesce(array_agg(DISTINCT id ORDER BY id) FILTER (WHERE id IS NOT NULL), '{}') AS ids
       FROM shown
       GROUP BY GROUPING SETS ((podcast_id, episode_id, evidence, rule_set_id), (podcast_id, evidence, rule_set_id),
                               (evidence, rule_set_id))
     ), fresh AS MATERIALIZED (
       SELECT podcast_id, episode_id, evidence, rule_set_id, unidentified, cardinality(ids) AS listeners,
              CASE WHEN cardinality(ids) > $6 THEN ids[$6] END AS threshold, ids[:$6] AS hashes
       FROM grouped
     ), stored AS MATERIALIZED (
       SELECT * FROM audience_sketches WHERE tenant_id = $1 AND day = $4::date AND series = $5 AND $2 >= ${KEPT_FROM}
     ), gone AS MATERIALIZED (
       SELECT podcast_id, episode_id, evidence, rule_set_id FROM stored
       EXCEPT SELECT podcast_id, episode_id, evidence, rule_set_id FROM fresh
     ), removed AS (
       DELETE FROM audience_sketches k USING gone g
       WHERE k.tenant_id = $1 AND k.day = $4::date AND k.series = $5 AND k.podcast_id = g.podcast_id
         AND k.episode_id = g.episode_id AND k.evidence = g.evidence AND k.rule_set_id = g.rule_set_id
       RETURNING 1
     ), written AS (
       INSERT INTO audience_sketches (tenant_id, day, series, podcast_id, episode_id, evidence, rule_set_id, listeners,
                                      unidentified, threshold, hashes)
       SELECT $1, $4::date, $5, f.podcast_id, f.episode_id, f.evidence, f.rule_set_id, f.listeners, f.unidentified,
              f.threshold, f.hashes
       FROM fresh f LEFT JOIN stored s USING (podcast_id, episode_id, evidence, rule_set_id)
       WHERE (s.listeners, s.unidentified, s.hashes) IS DISTINCT FROM (f.listeners, f.unidentified, f.hashes)
       ON CONFLICT (tenant_id, podcast_id, episode_id, series, evidence, day, rule_set_id) DO UPDATE
         SET listeners = EXCLUDED.listeners, unidentified = EXCLUDED.unidentified, threshold = EXCLUDED.threshold,
             hashes = EXCLUDED.hashes
       RETURNING 1
     )
     SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`,
    [tenantId, day, new Date(day.getTime() + DAY_MS), utcDate(day), series, size],
  );
  return rows[0]?.written ?? 0;
}
