import type { Sql } from '@lib/database';
import { SLICE_MS, type TenantId } from '@lib/primitives';
import { MAX_GAP_MS } from '../../domain/listening/heard-stretch.js';
import { addPositions } from './add-positions.js';
import { COUNT_LISTENING, TYPES_WITH_POSITIONS } from './count-listening.js';

/** What reading slices again has changed of one kind in one episode. */
export interface ListeningChange {
  episodeId: string;
  kind: 'heard' | 'start' | 'ad';
  placementId: string;
  /** Slices that changed. */
  slices: Date[];
  /** By how much their stored rows were wrong, in either direction. */
  difference: number;
  /** What was added to the day: bins, ascending, and the amount of each, a text of 64 bits. */
  bins: number[];
  amounts: string[];
}

/** How far before a slice its listening begins to follow from raw events, as an interval. */
const LOOK_BACK = `interval '${MAX_GAP_MS} milliseconds'`;

/**
 * Reads slices again from raw events, and adds to `listening_positions` what they lack: to the slices, and as
 * much to their UTC hours and their day. What is right is not written, so the cost follows what changed. Months are left to
 * `addListeningToMonth`, which other days write, too.
 *
 * Frozen are slices of whose 5 minutes before raw events are gone: they would lose what was heard over their border. Slices
 * whose counts name no event with a position are not read at all: for who only has downloads, this costs a look-up. The
 * metric is compared outside of it: PostgreSQL 18 takes it for a reason to skip from episode to episode instead.
 *
 * Call it under the day's lock, after the counts of `slices` are right.
 *
 * @param slices starts of slices of one UTC day, ascending
 * @param width of each of them, in milliseconds
 */
export async function rebuildListening(
  sql: Sql,
  tenantId: TenantId,
  slices: readonly Date[],
  width: number = SLICE_MS,
): Promise<ListeningChange[]> {
  const [first, last] = [slices[0], slices[slices.length - 1]];
  if (first === undefined || last === undefined) return [];
  const rows = await sql<Omit<ListeningChange, 'difference'> & { difference: string }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + $6::float8 * interval '1 millisecond' AS bucket_end
       FROM unnest($2::timestamptz[]) AS t (bucket)
       WHERE bucket - ${LOOK_BACK} >= coalesce((SELECT raw_from FROM raw_horizons WHERE tenant_id = $1), '-infinity')
         AND (EXISTS (SELECT FROM (SELECT metric FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice'
                                     AND dimension = 'none' AND bucket = t.bucket OFFSET 0) m
                      WHERE m.metric = ANY ($5::text[]))
              OR EXISTS (SELECT FROM listening_positions p WHERE p.tenant_id = $1 AND p.grain = 'slice'
                           AND p.bucket = t.bucket OFFSET 0))
     ), fresh AS (${COUNT_LISTENING}
     ), stored AS (
       SELECT t.bucket, p.episode_id, p.kind, p.placement_id, u.bin, u.amount
       FROM touched t
       CROSS JOIN LATERAL (
         SELECT * FROM listening_positions WHERE tenant_id = $1 AND grain = 'slice' AND bucket = t.bucket OFFSET 0
       ) p
       CROSS JOIN LATERAL unnest(p.bins, p.amounts) AS u (bin, amount)
     ), difference AS MATERIALIZED (
       SELECT bucket, episode_id, kind, placement_id, bin, sum(amount) AS added
       FROM (SELECT bucket, episode_id, kind, placement_id, bin, amount FROM fresh
             UNION ALL SELECT bucket, episode_id, kind, placement_id, bin, -amount FROM stored) both_sides
       GROUP BY 1, 2, 3, 4, 5 HAVING sum(amount) <> 0
     ), changes AS MATERIALIZED (
       SELECT g.grain, g.bucket, episode_id, kind, placement_id, bin, sum(added) AS added
       FROM difference d
       CROSS JOIN LATERAL (
         VALUES ('slice', d.bucket), ('hour', date_trunc('hour', d.bucket, 'UTC')),
                ('day', date_trunc('day', d.bucket, 'UTC'))
       ) AS g (grain, bucket)
       GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(added) <> 0
     ), written AS (${addPositions('changes')}
     )
     SELECT s.episode_id AS "episodeId", s.kind, s.placement_id AS "placementId", s.slices, s.difference,
            coalesce(d.bins, '{}') AS bins, coalesce(d.amounts, '{}') AS amounts
     FROM (SELECT episode_id, kind, placement_id, array_agg(DISTINCT bucket) AS slices, sum(abs(added)) AS difference
           FROM difference GROUP BY 1, 2, 3) s
     LEFT JOIN (SELECT episode_id, kind, placement_id, array_agg(bin::smallint ORDER BY bin) AS bins,
                       array_agg(added::bigint ORDER BY bin) AS amounts
                FROM changes WHERE grain = 'day' GROUP BY 1, 2, 3) d USING (episode_id, kind, placement_id)`,
    [
      tenantId,
      slices,
      new Date(first.getTime() - MAX_GAP_MS),
      new Date(last.getTime() + width),
      TYPES_WITH_POSITIONS,
      width,
    ],
  );
  return rows.map((row) => ({ ...row, difference: Number(row.difference) }));
}
