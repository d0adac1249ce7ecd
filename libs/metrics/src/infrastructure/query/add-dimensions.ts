/** The key of a row of `dimension_counts`, without the tenant. */
export const DIMENSION_KEY =
  'podcast_id, episode_id, grain, dimension, metric, bucket, evidence, rule_set_id';

/**
 * SQL that adds changes to rows of `dimension_counts`, at whatever grain: who adds waits for another's addition and goes on
 * from it. In the order of the key, so that neither waits for the other for ever. A row from which all was taken away stays,
 * without names.
 *
 * Expects the tenant as $1.
 *
 * @param changes a relation of the key, `name` and `added`, each name of a row once, none with 0
 */
export function addDimensions(changes: string): string {
  return `
    INSERT INTO dimension_counts AS d (tenant_id, ${DIMENSION_KEY}, names, counts)
    SELECT $1, ${DIMENSION_KEY}, array_agg(name ORDER BY name COLLATE "C"),
           array_agg(added::bigint ORDER BY name COLLATE "C")
    FROM ${changes}
    GROUP BY ${DIMENSION_KEY} ORDER BY ${DIMENSION_KEY}
    ON CONFLICT (tenant_id, ${DIMENSION_KEY}) DO UPDATE
      SET (names, counts) = (
        SELECT coalesce(array_agg(name ORDER BY name COLLATE "C"), '{}'),
               coalesce(array_agg(count ORDER BY name COLLATE "C"), '{}')
        FROM (SELECT name, sum(count)::bigint AS count
              FROM (SELECT * FROM unnest(d.names, d.counts) UNION ALL SELECT * FROM unnest(EXCLUDED.names, EXCLUDED.counts))
                AS both_rows (name, count)
              GROUP BY name HAVING sum(count) <> 0) sums)
    RETURNING 1`;
}

/**
 * SQL for the rows of all buckets and scopes that follow from changes by episode in slices, or in whole hours.
 *
 * @param difference a relation of the key without the grain, with `name` and `added`
 * @param grain of its buckets. Slices are kept of episodes alone
 */
export function changesOfAll(difference: string, grain: 'slice' | 'hour'): string {
  const slices = grain === 'slice' ? "('slice', d.bucket), " : '';
  return `
    SELECT s.podcast_id, s.episode_id, g.grain, d.dimension, d.metric, g.bucket, d.evidence, d.rule_set_id, d.name,
           sum(d.added) AS added
    FROM ${difference} d
    CROSS JOIN LATERAL (VALUES ${slices}('hour', date_trunc('hour', d.bucket, 'UTC')),
                               ('day', date_trunc('day', d.bucket, 'UTC')), ('month', date_trunc('month', d.bucket, 'UTC'))) AS g (grain, bucket)
    CROSS JOIN LATERAL (VALUES (d.podcast_id, d.episode_id), (d.podcast_id, ${EVERYTHING}), (${EVERYTHING}, ${EVERYTHING}))
      AS s (podcast_id, episode_id)
    WHERE g.grain <> 'slice' OR s.episode_id <> ${EVERYTHING}
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(d.added) <> 0`;
}

/** The episode of rows that are about all of a podcast, and the podcast of those about the whole network. */
export const EVERYTHING = "'00000000-0000-0000-0000-000000000000'::uuid";
