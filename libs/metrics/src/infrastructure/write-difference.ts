const KEY = 'bucket, episode_id, metric, dimension, dimension_value, evidence, rule_set_id';

/**
 * The end of a statement that makes rollup rows say what `fresh` says. Only rows that differ are touched: an upsert of a
 * row that is already right would still lock it, which writes its page.
 *
 * Expects the tenant as $1, the grain as $2, and the relations `stored`, the rows that are there now, and `fresh`, those
 * that should be, both with the columns `bucket, podcast_id, episode_id, metric, dimension, dimension_value, evidence,
 * rule_set_id, value`. Returns one row with the number of rows written or removed.
 *
 * On tables that were filled a moment ago the planner expects one row and joins thousands by nested loops. So the two are
 * compared by grouping, and the rows to remove, mostly none, are gathered before they are joined: 100,000 events of one
 * day took longer than the statement timeout otherwise.
 */
export const WRITE_DIFFERENCE = `
  difference AS MATERIALIZED (
    SELECT ${KEY}, max(fresh_value) AS value, (max(fresh_podcast::text))::uuid AS podcast_id
    FROM (SELECT ${KEY}, value AS fresh_value, podcast_id AS fresh_podcast, NULL AS stored_value, NULL AS stored_podcast
          FROM fresh
          UNION ALL
          SELECT ${KEY}, NULL, NULL, value, podcast_id FROM stored) both_sides
    GROUP BY ${KEY}
    HAVING max(fresh_value) IS DISTINCT FROM max(stored_value)
        OR max(fresh_podcast::text) IS DISTINCT FROM max(stored_podcast::text)
  ), gone AS MATERIALIZED (
    SELECT ${KEY} FROM difference WHERE value IS NULL
  ), removed AS (
    DELETE FROM listener_metrics m USING gone g
    WHERE EXISTS (SELECT FROM gone)
      AND m.tenant_id = $1 AND m.grain = $2 AND m.bucket = g.bucket AND m.episode_id = g.episode_id
      AND m.metric = g.metric AND m.dimension = g.dimension AND m.dimension_value = g.dimension_value
      AND m.evidence = g.evidence AND m.rule_set_id = g.rule_set_id
    RETURNING 1
  ), written AS (
    INSERT INTO listener_metrics (tenant_id, grain, podcast_id, value, ${KEY})
    SELECT $1, $2, podcast_id, value, ${KEY} FROM difference WHERE value IS NOT NULL
    ON CONFLICT (tenant_id, grain, ${KEY}) DO UPDATE SET value = EXCLUDED.value, podcast_id = EXCLUDED.podcast_id
    RETURNING 1
  )
  SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`;
