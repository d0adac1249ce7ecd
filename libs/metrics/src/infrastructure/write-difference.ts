const KEY = 'bucket, episode_id, metric, dimension, dimension_value, evidence, rule_set_id';

/**
 * The end of a statement that makes rollup rows say what `fresh` says. Only rows that differ are touched: an upsert of a
 * row that is already right would still lock it, which writes its page.
 *
 * Expects the tenant as $1, the grain as $2, and the relations `stored`, the rows that are there now, and `fresh`, those
 * that should be, both with the columns `bucket, podcast_id, episode_id, metric, dimension, dimension_value, evidence,
 * rule_set_id, value`. Returns one row with the number of rows written or removed.
 */
export const WRITE_DIFFERENCE = `
  removed AS (
    DELETE FROM listener_metrics m USING stored s LEFT JOIN fresh f USING (${KEY})
    WHERE f.value IS NULL AND m.tenant_id = $1 AND m.grain = $2 AND m.bucket = s.bucket AND m.episode_id = s.episode_id
      AND m.metric = s.metric AND m.dimension = s.dimension AND m.dimension_value = s.dimension_value
      AND m.evidence = s.evidence AND m.rule_set_id = s.rule_set_id
    RETURNING 1
  ), written AS (
    INSERT INTO listener_metrics (tenant_id, grain, podcast_id, value, ${KEY})
    SELECT $1, $2, f.podcast_id, f.value, ${KEY}
    FROM fresh f LEFT JOIN stored s USING (${KEY})
    WHERE s.value IS DISTINCT FROM f.value OR s.podcast_id IS DISTINCT FROM f.podcast_id
    ON CONFLICT (tenant_id, grain, ${KEY}) DO UPDATE SET value = EXCLUDED.value, podcast_id = EXCLUDED.podcast_id
    RETURNING 1
  )
  SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`;
