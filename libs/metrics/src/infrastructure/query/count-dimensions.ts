import { DIMENSIONS, UNKNOWN } from '../../domain/query/dimensions.js';
import { NO_RULE_SET } from '../count-raw.js';

/** Condition for rollup rows of one dimension or another, not of totals: a list, so that an index serves it. */
export const OF_A_DIMENSION = `dimension IN (${DIMENSIONS.map((dimension) => `'${dimension}'`).join(', ')})`;

/** Condition for all rollup rows, in a form that an index serves which has the dimension before the time. */
export const OF_ANY_DIMENSION = `dimension IN ('none', ${DIMENSIONS.map((dimension) => `'${dimension}'`).join(', ')})`;

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
 * `COUNT_RAW` expects. Events are gathered by agent and network before these are looked up, and each episode's podcast is
 * looked up once: on tables without statistics the planner may go through all episodes for every look-up.
 */
const COUNT_EVENTS = `
  SELECT t.bucket, counted.*
  FROM touched t
  CROSS JOIN LATERAL (
    WITH gathered AS MATERIALIZED (
      SELECT l.episode_id, l.event_type AS metric, evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence,
             l.user_agent_id, l.network_id, count(*) AS value
      FROM listener_events l
      WHERE l.tenant_id = $1 AND l.occurred_at >= t.bucket AND l.occurred_at < t.bucket_end
        AND l.occurred_at >= $3 AND l.occurred_at < $4
      GROUP BY 1, 2, 3, 4, 5
    ), of_podcasts AS MATERIALIZED (
      SELECT e.* FROM (SELECT DISTINCT episode_id FROM gathered) g
      CROSS JOIN LATERAL (
        SELECT id, podcast_id FROM episodes WHERE tenant_id = $1 AND id = g.episode_id OFFSET 0
      ) e
    ), summed AS MATERIALIZED (
      SELECT episode_id, metric, evidence, ${NAMED}, sum(value)::bigint AS value
      FROM (
        SELECT g.*, ${known('a.app')} AS app, ${known('a.device')} AS device, ${known('n.country')} AS country
        FROM gathered g ${agentsAndNetworks('g')}
      ) named
      GROUP BY ${EACH_DIMENSION('episode_id, metric, evidence')}
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
 * SQL that counts all that is kept by app, device and country: rows as in `listener_metrics`, for each of the buckets in a
 * relation `touched (bucket, bucket_end)`, between $3 and $4 of the tenant $1.
 */
export const COUNT_DIMENSIONS = `${COUNT_EVENTS} UNION ALL ${COUNT_SHOWN_DOWNLOADS}`;
