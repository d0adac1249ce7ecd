import type { Sql } from '@lib/database';
import { HOUR_MS, SLICE_MS, type TenantId } from '@lib/primitives';
import { NOT_FROZEN } from '../count-raw.js';
import { addDimensions, changesOfAll, EVERYTHING } from './add-dimensions.js';
import { COUNT_DIMENSIONS } from './count-dimensions.js';

/** What is recounted at once: a whole UTC hour, or slices of one whose slices are stored. */
export interface RecountedParts {
  readonly grain: 'slice' | 'hour';
  /** Their starts, ascending. */
  readonly buckets: readonly Date[];
}

const WIDTH_MS = { slice: SLICE_MS, hour: HOUR_MS } as const;

/**
 * Recounts slices or hours by app, by device and by country from raw events and downloads, and adds what their rows lack to
 * them, to their hour, day and month, and to the podcasts and the network. What is right is not written, so that writing
 * follows what changed; frozen buckets are left as they are, as in `rebuildSlices`. Call it under the month's lock.
 *
 * @returns how many rows were written
 */
export async function rebuildDimensions(
  sql: Sql,
  tenantId: TenantId,
  { grain, buckets }: RecountedParts,
): Promise<number> {
  const [first, last] = [buckets[0], buckets[buckets.length - 1]];
  if (first === undefined || last === undefined) return 0;
  const key = 'bucket, podcast_id, episode_id, dimension, metric, evidence, rule_set_id';
  const rows = await sql<{ written: number }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + $6::float8 * interval '1 millisecond' AS bucket_end FROM unnest($2::timestamptz[]) AS t (bucket)
       WHERE ${NOT_FROZEN}
     ), fresh AS (${COUNT_DIMENSIONS}
     ), stored AS (
       SELECT r.*, u.name, u.count
       FROM touched t
       CROSS JOIN LATERAL (
         SELECT * FROM dimension_counts
         WHERE tenant_id = $1 AND grain = $5 AND bucket = t.bucket AND episode_id <> ${EVERYTHING} OFFSET 0
       ) r
       CROSS JOIN LATERAL unnest(r.names, r.counts) AS u (name, count)
     ), difference AS MATERIALIZED (
       SELECT ${key}, name, sum(count) AS added
       FROM (SELECT ${key}, dimension_value AS name, value AS count FROM fresh
             UNION ALL SELECT ${key}, name, -count FROM stored) both_sides
       GROUP BY ${key}, name HAVING sum(count) <> 0
     ), changes AS MATERIALIZED (${changesOfAll('difference', grain)}
     ), written AS (${addDimensions('changes')}
     )
     SELECT count(*)::integer AS written FROM written`,
    [tenantId, buckets, first, new Date(last.getTime() + WIDTH_MS[grain]), grain, WIDTH_MS[grain]],
  );
  return rows[0]?.written ?? 0;
}
