import type { Sql } from '@lib/database';
import { HOUR_MS, type TenantId } from '@lib/primitives';
import { LISTEN_TIME } from '../domain/event-metrics.js';
import { COUNT_RAW, NO_RULE_SET } from './count-raw.js';
import { EVERYTHING } from './query/add-dimensions.js';
import { COUNT_DIMENSIONS } from './query/count-dimensions.js';
import { sumsOverEpisodes } from './rebuild-totals.sql.js';

/** By how many events stored rows are wrong, in either direction. */
export interface HourDrift {
  /** False when the hour has marks or frozen slices: then its slices may rightly differ and were not compared. */
  comparable: boolean;
  /** Slices against raw events. */
  slices: number;
  /** The hour against its slices. */
  hour: number;
  /** The hour by app, device and country against raw events and downloads; 0 while its marks or new agents wait. */
  dimensions: number;
  /** The UTC day against its hours. */
  day: number;
  /** The UTC month against its days. */
  month: number;
  /** Podcasts and the network against their episodes, in the slices, the hour, the day and the month. */
  totals: number;
}

/**
 * Compares one UTC hour's stored rows with raw events and with each other, all in one snapshot: an event that commits
 * meanwhile is in none of them, or its mark is seen too. Call it under the day's lock.
 *
 * @param width of the day's slices, in milliseconds
 */
export async function compareHour(
  sql: Sql,
  tenantId: TenantId,
  hour: Date,
  day: Date,
  width: number,
): Promise<HourDrift> {
  const rows = await sql<{
    comparable: boolean;
    slices: string | null;
    hour: string;
    dimensions: string | null;
    day: string;
    month: string;
    totals: string;
  }>(
    `WITH state AS MATERIALIZED (
       SELECT NOT EXISTS (SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'slice' AND bucket >= $3 AND bucket < $4)
          AND NOT EXISTS (SELECT FROM raw_horizons WHERE tenant_id = $1 AND raw_from > $3) AS comparable,
         NOT EXISTS (SELECT FROM dirty_buckets
                     WHERE tenant_id = $1 AND (kind = 'agents' OR kind = 'dimension' AND bucket >= $3 AND bucket < $4)) AS rebuilt
     ), touched_hour AS MATERIALIZED (
       SELECT $3::timestamptz AS bucket, $4::timestamptz AS bucket_end FROM state WHERE comparable AND rebuilt
     ), fresh_hour AS (
       WITH touched AS (SELECT * FROM touched_hour) SELECT * FROM (${COUNT_DIMENSIONS}) counted
     ), stored_hour AS (
       SELECT m.* FROM touched_hour t CROSS JOIN LATERAL (
         SELECT * FROM listener_dimensions
         WHERE tenant_id = $1 AND grain = 'hour' AND bucket = t.bucket AND episode_id <> ${EVERYTHING} OFFSET 0
       ) m
     ), touched AS MATERIALIZED (
       SELECT bucket, bucket + width AS bucket_end
       FROM state, (SELECT $5::float8 * interval '1 millisecond' AS width) w,
            generate_series($3::timestamptz, $4::timestamptz - width, width) AS s (bucket)
       WHERE comparable
     ), fresh AS (${COUNT_RAW}
     ), slices AS (
       SELECT m.* FROM touched t CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = 'slice' AND bucket = t.bucket AND dimension = 'none'
           AND rule_set_id = ${NO_RULE_SET} AND metric <> '${LISTEN_TIME}' OFFSET 0
       ) m
     ), all_slices AS (
       SELECT * FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice' AND dimension = 'none'
         AND bucket >= $3 AND bucket < $4
     ), hours AS (
       SELECT * FROM listener_metrics WHERE tenant_id = $1 AND grain = 'hour' AND dimension = 'none'
         AND bucket >= $2 AND bucket < $2::timestamptz + interval '24 hours'
     ), month AS (
       SELECT date_trunc('month', $2::timestamptz, 'UTC') AS low,
              date_trunc('month', $2::timestamptz, 'UTC') + interval '1 month' AS high
     ), days AS (
       SELECT m.* FROM month CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = 'day' AND dimension = 'none' AND bucket >= low AND bucket < high OFFSET 0
       ) m
     ), months AS (
       SELECT m.* FROM month CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = 'month' AND dimension = 'none' AND bucket = low OFFSET 0
       ) m
     ), sums AS (
       SELECT 'slice' AS grain, s.* FROM (${sumsOverEpisodes('all_slices')}) s
       UNION ALL SELECT 'hour', h.* FROM (${sumsOverEpisodes('hours WHERE bucket = $3')}) h
       UNION ALL SELECT 'day', d.* FROM (${sumsOverEpisodes('days WHERE bucket = $2')}) d
       UNION ALL SELECT 'month', m.* FROM (${sumsOverEpisodes('months')}) m
     ), totals AS (
       ${totalsOf('slice', 'bucket >= $3 AND bucket < $4')}
       UNION ALL ${totalsOf('hour', 'bucket = $3')}
       UNION ALL ${totalsOf('day', 'bucket = $2')}
       UNION ALL ${totalsOf('month', 'bucket = (SELECT low FROM month)')}
     )
     SELECT comparable,
       (SELECT sum(abs(coalesce(f.value, 0) - coalesce(s.value, 0)))
        FROM fresh f FULL JOIN slices s USING (bucket, episode_id, metric, evidence)) AS slices,
       ${differenceOfSums('all_slices', 'hours WHERE bucket = $3', 'episode_id')} AS hour,
       ${differenceOfSums('fresh_hour', 'stored_hour', 'episode_id')} AS dimensions,
       ${differenceOfSums('hours', 'days WHERE bucket = $2', 'episode_id')} AS day,
       ${differenceOfSums('days', 'months', 'episode_id')} AS month,
       ${differenceOfSums('sums', 'totals', 'grain, bucket, podcast_id')} AS totals
     FROM state`,
    [tenantId, day, hour, new Date(hour.getTime() + HOUR_MS), width],
  );
  const row = rows[0];
  return {
    comparable: row?.comparable === true,
    slices: Number(row?.slices ?? 0),
    hour: Number(row?.hour ?? 0),
    dimensions: Number(row?.dimensions ?? 0),
    day: Number(row?.day ?? 0),
    month: Number(row?.month ?? 0),
    totals: Number(row?.totals ?? 0),
  };
}

function totalsOf(grain: string, when: string): string {
  return `SELECT * FROM listener_totals WHERE tenant_id = $1 AND grain = '${grain}' AND dimension = 'none' AND ${when}`;
}

/** SQL for the sum of differences between finer rows and the coarser rows that should be their sums, by `of`. */
function differenceOfSums(finer: string, coarser: string, of: string): string {
  const key = `${of}, metric, dimension, dimension_value, evidence, rule_set_id`;
  return `(SELECT coalesce(sum(abs(total)), 0) FROM (
      SELECT sum(value) AS total
      FROM (SELECT ${key}, value FROM ${finer} UNION ALL SELECT ${key}, -value FROM ${coarser}) both_sides
      GROUP BY ${key}) differences)`;
}
