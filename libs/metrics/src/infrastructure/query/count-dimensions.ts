import { DIMENSIONS, UNKNOWN } from '../../domain/query/dimensions.js';
import { NO_RULE_SET } from '../count-raw.js';

/** SQL for a name that may be missing or empty. */
export const known = (column: string) => `coalesce(nullif(${column}, ''), '${UNKNOWN}')`;

/**
 * SQL that joins the agents and networks of events, relation `events`, as `a (app, device)` and `n (country)`, with nulls
 * where nothing is known. Expects the tenant as $1.
 */
export const agentsAndNetworks = (events: string) => `
  LEFT JOIN user_agents a ON a.tenant_id = $1 AND a.id = ${events}.user_agent_id
  LEFT JOIN networks n ON n.tenant_id = $1 AND n.id = ${events}.network_id`;

const EACH_DIMENSION = (key: string) =>
  `GROUPING SETS (${DIMENSIONS.map((dimension) => `(${key}, ${dimension})`).join(', ')})`;

/** A row of a grouping set has a name in one of its columns alone: names are never null. */
const NAMED = `
  CASE ${DIMENSIONS.map((dimension) => `WHEN ${dimension} IS NOT NULL THEN '${dimension}'`).join(' ')} END AS dimension,
  coalesce(${DIMENSIONS.join(', ')}) AS dimension_value`;

/**
 * SQL that counts raw events by app, by device and by country, for each bucket, episode, metric and evidence. Expects what
 * `COUNT_RAW` expects. Events are gathered by agent, and by network, before these are looked up, each by its key: left to
 * join, the planner compares every one with every other on tables without statistics, and it may go through all episodes
 * for every look-up of a podcast.
 */
const COUNT_EVENTS = `
  SELECT t.bucket, counted.*
  FROM touched t
  CROSS JOIN LATERAL (
    WITH gathered AS MATERIALIZED (
      SELECT l.episode_id, l.event_type AS metric, evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence,
             l.user_agent_id, l.network_id, GROUPING(l.network_id) = 1 AS of_agents, count(*) AS value
      FROM listener_events l
      WHERE l.tenant_id = $1 AND l.occurred_at >= t.bucket AND l.occurred_at < t.bucket_end
        AND l.occurred_at >= $3 AND l.occurred_at < $4
      GROUP BY GROUPING SETS ((1, 2, 3, 4), (1, 2, 3, 5))
    ), of_podcasts AS MATERIALIZED (
      SELECT e.* FROM (SELECT DISTINCT episode_id FROM gathered) g
      CROSS JOIN LATERAL (
        SELECT id, podcast_id FROM episodes WHERE tenant_id = $1 AND id = g.episode_id OFFSET 0
      ) e
    ), summed AS MATERIALIZED (
      SELECT episode_id, metric, evidence, CASE WHEN app IS NULL THEN 'device' ELSE 'app' END AS dimension,
             coalesce(app, device) AS dimension_value, sum(value)::bigint AS value
      FROM (SELECT g.*, ${known('a.app')} AS app, ${known('a.device')} AS device
            FROM gathered g
            LEFT JOIN LATERAL (
              SELECT app, device FROM user_agents WHERE tenant_id = $1 AND id = g.user_agent_id OFFSET 0
            ) a ON true
            WHERE of_agents) named
      GROUP BY GROUPING SETS ((1, 2, 3, app), (1, 2, 3, device))
      UNION ALL
      SELECT episode_id, metric, evidence, 'country', ${known('n.country')}, sum(value)::bigint
      FROM gathered g
      LEFT JOIN LATERAL (
        SELECT country FROM networks WHERE tenant_id = $1 AND id = g.network_id OFFSET 0
      ) n ON true
      WHERE NOT of_agents
      GROUP BY 1, 2, 3, 5
    )
    SELECT e.podcast_id, s.episode_id, s.metric, s.evidence, ${NO_RULE_SET}::uuid AS rule_set_id, s.dimension,
           s.dimension_value, s.value
    FROM summed s JOIN of_podcasts e ON e.id = s.episode_id
  ) counted`;

/** The same for the downloads that are shown. */
const COUNT_SHOWN_DOWNLOADS = `
  SELECT t.bucket, counted.*
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT podcast_id, episode_id, 'downloads' AS metric, evidence, rule_set_id, ${NAMED}, count(*) AS value
    FROM (
      SELECT d.podcast_id, d.episode_id, d.evidence, d.rule_set_id, ${known('d.app')} AS app,
             ${known('d.device')} AS device, ${known('d.country')} AS country
      FROM downloads d
      JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
      WHERE d.tenant_id = $1 AND d.occurred_at >= t.bucket AND d.occurred_at < t.bucket_end
        AND d.occurred_at >= $3 AND d.occurred_at < $4
    ) named
    GROUP BY ${EACH_DIMENSION('podcast_id, episode_id, evidence, rule_set_id')}
  ) counted`;

/**
 * SQL that counts all that is kept by app, device and country: rows as in `listener_dimensions`, for each of the buckets in a
 * relation `touched (bucket, bucket_end)`, between $3 and $4 of the tenant $1.
 */
export const COUNT_DIMENSIONS = `${COUNT_EVENTS} UNION ALL ${COUNT_SHOWN_DOWNLOADS}`;
