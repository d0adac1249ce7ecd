import type { Client } from 'pg';
import type { Violations } from './violations.js';

/** The rule of evidence, written out anew: a check that called the product's function would share its mistakes. */
const EVIDENCE = `CASE WHEN event_type <> 'download_request' THEN 'client_confirmed'
                       WHEN trusted_sender AND bytes_sent IS NOT NULL THEN 'origin_bytes' ELSE 'prefix_only' END`;

const BUCKETS = {
  slice: "date_bin('5 minutes', l.occurred_at, 'epoch')",
  hour: "date_trunc('hour', l.occurred_at, 'UTC')",
  day: "date_trunc('day', l.occurred_at, 'UTC')",
  month: "date_trunc('month', l.occurred_at, 'UTC')",
} as const;

/** What was heard is time: specs of its own work it out again. */
const A_COUNT = "metric <> 'listen_time'";

const NO_RULE_SET = "'00000000-0000-0000-0000-000000000000'::uuid";

interface Difference {
  rows: number;
  events: number;
  example: string | null;
}

/** Every aggregate of every tenant, against a recount of the raw rows. Returns the number of rows compared. */
export async function checkAggregates(client: Client, violations: Violations): Promise<number> {
  let compared = 0;
  for (const grain of ['slice', 'hour', 'day', 'month'] as const) {
    compared += await compare(client, `listener_metrics ${grain}`, rollupDifference(grain), violations);
  }
  for (const grain of ['hour', 'day', 'month'] as const)
    for (const dimension of ['app', 'device', 'country'])
      compared += await compare(
        client,
        `listener_metrics ${grain} by ${dimension}`,
        rollupDifference(grain, dimension),
        violations,
      );
  compared += await compare(client, 'listener_totals', TOTALS_DIFFERENCE, violations);
  compared += await compare(client, 'dimension_counts of podcasts', SCOPES_DIFFERENCE, violations);
  return compared + (await compare(client, 'metrics_daily', DAILY_DIFFERENCE, violations));
}

async function compare(client: Client, what: string, text: string, violations: Violations): Promise<number> {
  const { rows } = await client.query<Difference & { compared: number }>(text);
  const { rows: wrong = 0, events = 0, example = null, compared = 0 } = rows[0] ?? {};
  if (wrong > 0) {
    violations.add(
      'I4',
      `${what}: ${wrong} rows are wrong by ${events} events, such as ${example ?? '?'}`,
      wrong,
    );
  }
  return compared;
}

const SUMMARY = `
  SELECT count(*)::integer AS compared,
         (count(*) FILTER (WHERE NOT equal))::integer AS rows,
         (sum(abs(difference)) FILTER (WHERE NOT equal))::integer AS events,
         (min(place) FILTER (WHERE NOT equal)) AS example`;

/** Every event has one value of each dimension, so that these add up to the totals. */
function rollupDifference(grain: keyof typeof BUCKETS, dimension = 'none'): string {
  return `
    WITH raw AS (
      SELECT l.tenant_id, ${BUCKETS[grain]} AS bucket, e.podcast_id, l.episode_id,
             l.event_type AS metric, ${EVIDENCE} AS evidence, count(*) AS value
      FROM listener_events l LEFT JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
      GROUP BY 1, 2, 3, 4, 5, 6
    ), rolled AS (
      SELECT tenant_id, bucket, podcast_id, episode_id, metric, evidence, sum(value) AS value
      FROM ${dimension === 'none' ? 'listener_metrics' : 'listener_dimensions'}
      WHERE grain = '${grain}' AND dimension = '${dimension}' AND rule_set_id = ${NO_RULE_SET} AND ${A_COUNT}
        AND episode_id <> ${NO_RULE_SET}
      GROUP BY 1, 2, 3, 4, 5, 6 HAVING '${grain}' <> 'month' OR sum(value) <> 0
    ), compared AS (
      SELECT coalesce(raw.value, 0) - coalesce(rolled.value, 0) AS difference,
             raw.value IS NOT DISTINCT FROM rolled.value AS equal,
             concat_ws(' ', tenant_id, bucket, metric, evidence) AS place
      FROM raw FULL JOIN rolled USING (tenant_id, bucket, podcast_id, episode_id, metric, evidence)
    )
    ${SUMMARY} FROM compared`;
}

const DAILY_DIFFERENCE = `
  WITH raw AS (
    SELECT l.tenant_id, (l.occurred_at AT TIME ZONE 'UTC')::date AS day, e.podcast_id, l.event_type AS metric,
           ${EVIDENCE} AS evidence, count(*) AS value, count(DISTINCT l.episode_id) AS episodes
    FROM listener_events l LEFT JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
    GROUP BY 1, 2, 3, 4, 5
  ), daily AS (
    SELECT tenant_id, day, podcast_id, metric, evidence, value, episodes FROM metrics_daily
    WHERE rule_set_id = ${NO_RULE_SET} AND ${A_COUNT}
  ), compared AS (
    SELECT coalesce(raw.value, 0) - coalesce(daily.value, 0) AS difference,
           (raw.value, raw.episodes) IS NOT DISTINCT FROM (daily.value, daily.episodes) AS equal,
           concat_ws(' ', tenant_id, day, metric, evidence) AS place
    FROM raw FULL JOIN daily USING (tenant_id, day, podcast_id, metric, evidence)
  )
  ${SUMMARY} FROM compared`;

/** Every grain of the totals, of podcasts and of networks, against the rows by episode, which are compared with raw rows. */
const TOTALS_DIFFERENCE = `
  WITH by_episode AS (
    SELECT tenant_id, grain, bucket, metric, dimension, dimension_value, evidence, podcast_id, sum(value) AS value
    FROM listener_metrics GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    UNION ALL
    SELECT tenant_id, grain, bucket, metric, dimension, dimension_value, evidence, ${NO_RULE_SET}, sum(value)
    FROM listener_metrics GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), compared AS (
    SELECT coalesce(b.value, 0) - coalesce(t.value, 0) AS difference, b.value IS NOT DISTINCT FROM t.value AS equal,
           concat_ws(' ', tenant_id, grain, bucket, podcast_id, metric, evidence) AS place
    FROM by_episode b
    FULL JOIN listener_totals t
      USING (tenant_id, grain, bucket, podcast_id, metric, dimension, dimension_value, evidence)
  )
  ${SUMMARY} FROM compared`;

/** Rows by app, device and country of podcasts and of networks, against those by episode. */
const SCOPES_DIFFERENCE = `
  WITH of_episodes AS (
    SELECT d.tenant_id, grain, bucket, metric, dimension, dimension_value, evidence, s.podcast_id, sum(value) AS value
    FROM listener_dimensions d CROSS JOIN LATERAL (VALUES (d.podcast_id), (${NO_RULE_SET})) AS s (podcast_id)
    WHERE episode_id <> ${NO_RULE_SET} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), stored AS (
    SELECT tenant_id, grain, bucket, metric, dimension, dimension_value, evidence, podcast_id, sum(value) AS value
    FROM listener_dimensions WHERE episode_id = ${NO_RULE_SET} GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), compared AS (
    SELECT coalesce(e.value, 0) - coalesce(s.value, 0) AS difference, e.value IS NOT DISTINCT FROM s.value AS equal,
           concat_ws(' ', tenant_id, grain, bucket, podcast_id, metric, dimension, dimension_value) AS place
    FROM of_episodes e
    FULL JOIN stored s USING (tenant_id, grain, bucket, podcast_id, metric, dimension, dimension_value, evidence)
  )
  ${SUMMARY} FROM compared`;
