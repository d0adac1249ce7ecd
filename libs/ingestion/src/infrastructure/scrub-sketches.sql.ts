import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/**
 * Takes the ids of some listeners out of the audience sketches of UTC days before `day`, which may never be rebuilt: their
 * downloads can be gone. What is left says as much about the others as before. A threshold that was one of the ids gives
 * way to the last id that is left; whoever was taken out counts as a download of nobody known. The table is one that
 * metrics writes.
 *
 * Reads every sketch of those days, for which there is no index.
 *
 * @returns how many sketches that concerned
 */
export async function scrubSketches(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  listenerIds: readonly string[],
): Promise<number> {
  const rows = await sql(
    `UPDATE audience_sketches k
     SET hashes = l.hashes, listeners = k.listeners - l.taken, unidentified = k.unidentified + l.taken,
         threshold = CASE WHEN k.threshold = ANY ($3::bigint[]) THEN l.hashes[cardinality(l.hashes)] ELSE k.threshold END
     FROM (SELECT s.podcast_id, s.episode_id, s.series, s.evidence, s.day, s.rule_set_id,
                  coalesce(array_agg(id ORDER BY id) FILTER (WHERE id <> ALL ($3::bigint[])), '{}') AS hashes,
                  count(*) FILTER (WHERE id = ANY ($3::bigint[])) AS taken
           FROM audience_sketches s CROSS JOIN LATERAL unnest(s.hashes) AS id
           WHERE s.tenant_id = $1 AND s.day < $2::date AND s.hashes && $3::bigint[]
           GROUP BY 1, 2, 3, 4, 5, 6) l
     WHERE k.tenant_id = $1 AND k.podcast_id = l.podcast_id AND k.episode_id = l.episode_id AND k.series = l.series
       AND k.evidence = l.evidence AND k.day = l.day AND k.rule_set_id = l.rule_set_id
     RETURNING 1 AS one`,
    [tenantId, day, listenerIds],
  );
  return rows.length;
}
