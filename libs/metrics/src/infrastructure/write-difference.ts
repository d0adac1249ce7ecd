const KEY = 'bucket, episode_id, metric, dimension, dimension_value, evidence, rule_set_id';

/**
 * The end of a statement that makes rollup rows say what `fresh` says. Only rows that differ are touched: an upsert of a
 * row that is already right would still lock it, which writes its page.
 *
 * Expects the tenant as $1, the grain as $2, and the relations `stored`, the rows that are there now, and `fresh`, those
 * that should be, both with the columns `bucket, podcast_id, episode_id, metric, dimension, dimension_value, evidence,
 * rule_set_id, value`. Returns one row with the number of rows written or removed.
 *
 * The two are compared by grouping, not by joining: on tables that were filled a moment ago the planner expects one row
 * and would join thousands by nested loops.
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
  ), removed AS (
    DELETE FROM listener_metrics m USING difference d
    WHERE d.value IS NULL AND m.tenant_id = $1 AND m.grain = $2 AND m.bucket = d.bucket AND m.episode_id = d.episode_id
      AND m.metric = d.metric AND m.dimension = d.dimension AND m.dimension_value = d.dimension_value
      AND m.evidence = d.evidence AND m.rule_set_id = d.rule_set_id
    RETURNING 1
  ), written AS (
    INSERT INTO listener_metrics (tenant_id, grain, podcast_id, value, ${KEY})
    SELECT $1, $2, podcast_id, value, ${KEY} FROM difference WHERE value IS NOT NULL
    ON CONFLICT (tenant_id, grain, ${KEY}) DO UPDATE SET value = EXCLUDED.value, podcast_id = EXCLUDED.podcast_id
    RETURNING 1
  )
  SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`;
