/** The rule set of numbers to which no rule set applies: counts of events. */
export const NO_RULE_SET = "'00000000-0000-0000-0000-000000000000'";

/**
 * SQL that counts raw events by slice, episode, metric and evidence. Events whose episode no longer exists count nowhere.
 *
 * Expects the tenant as $1, a relation `touched (bucket, bucket_end)` of the slices to count, and the bounds of all of
 * them as $3 and $4, by which the planner leaves out every other partition. The lateral sub-selects leave only one way to
 * do it, an index range for each slice and then a look-up for each count: on tables without statistics the planner
 * otherwise counted everything once for each episode.
 */
export const COUNT_RAW = `
  SELECT t.bucket, e.podcast_id, counted.episode_id, counted.metric, counted.evidence, counted.value
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT l.episode_id, l.event_type AS metric,
           evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence, count(*) AS value
    FROM listener_events l
    WHERE l.tenant_id = $1 AND l.occurred_at >= t.bucket AND l.occurred_at < t.bucket_end
      AND l.occurred_at >= $3 AND l.occurred_at < $4
    GROUP BY 1, 2, 3
  ) counted
  CROSS JOIN LATERAL (
    SELECT podcast_id FROM episodes WHERE tenant_id = $1 AND id = counted.episode_id OFFSET 0
  ) e`;

/**
 * SQL that counts the downloads that are shown, by slice, episode, evidence and rule set. A day shows those of one rule
 * set, whatever others were tried. Expects what COUNT_RAW expects.
 */
export const COUNT_DOWNLOADS = `
  SELECT t.bucket, counted.podcast_id, counted.episode_id, 'downloads' AS metric, counted.evidence, counted.value,
         counted.rule_set_id
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT d.podcast_id, d.episode_id, d.evidence, d.rule_set_id, count(*) AS value
    FROM downloads d JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
    WHERE d.tenant_id = $1 AND d.occurred_at >= t.bucket AND d.occurred_at < t.bucket_end
      AND d.occurred_at >= $3 AND d.occurred_at < $4
    GROUP BY 1, 2, 3, 4
  ) counted`;

/** True for slices whose raw events are kept: earlier ones are frozen. Expects the tenant as $1 and a column `bucket`. */
export const NOT_FROZEN = `bucket >= coalesce((SELECT raw_from FROM raw_horizons WHERE tenant_id = $1), '-infinity')`;
