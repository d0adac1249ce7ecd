import type { CountedRange } from '../../domain/read-range.js';
import type { QueryShape } from '../../domain/query/metrics-query.js';
import type { BoundValues } from './bind-values.js';
import { agentsAndNetworks, known } from './count-dimensions.js';
import { among, groupKeys, times } from './row-reader.js';

/**
 * SQL that reads stretches of time row by row, from downloads that are shown and from raw events, as rows
 * `(metric, evidence, key1, key2, bucket, value)`: for what rollups do not hold. Reads everything of the tenant in the
 * stretches; how much that is has to be found out first.
 */
export function rowsOneByOne(
  values: BoundValues,
  asked: QueryShape,
  stretches: readonly CountedRange[],
): string[] {
  const events = asked.metrics.filter((metric) => metric !== 'downloads');
  return [
    ...(events.length < asked.metrics.length ? [downloadsOf(values, asked, stretches)] : []),
    ...(events.length > 0 ? [eventsOf(values, asked, events, stretches)] : []),
  ];
}

function downloadsOf(values: BoundValues, asked: QueryShape, stretches: readonly CountedRange[]): string {
  return `
    SELECT 'downloads' AS metric, r.evidence, ${keysOf(asked)}, r.bucket, 1 AS value
    FROM ${listOf(values, stretches)}
    CROSS JOIN LATERAL (
      SELECT d.podcast_id, d.episode_id, d.evidence, d.occurred_at AS bucket, ${known('d.app')} AS app,
             ${known('d.device')} AS device, ${known('d.country')} AS country
      FROM downloads d
      JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
      WHERE d.tenant_id = $1 AND d.occurred_at >= s.low AND d.occurred_at < s.high OFFSET 0
    ) r
    WHERE true ${filters(values, asked)}`;
}

function eventsOf(
  values: BoundValues,
  asked: QueryShape,
  metrics: readonly string[],
  stretches: readonly CountedRange[],
): string {
  return `
    SELECT r.metric, r.evidence, ${keysOf(asked)}, r.bucket, 1 AS value
    FROM (
      SELECT e.podcast_id, l.episode_id, l.event_type AS metric, l.occurred_at AS bucket,
             evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence,
             ${known('a.app')} AS app, ${known('a.device')} AS device, ${known('n.country')} AS country
      FROM ${listOf(values, stretches)}
      CROSS JOIN LATERAL (
        SELECT episode_id, event_type, occurred_at, trusted_sender, bytes_sent, user_agent_id, network_id
        FROM listener_events
        WHERE tenant_id = $1 AND occurred_at >= s.low AND occurred_at < s.high ${between(values, stretches)}
          AND event_type = ANY (${values.bind(metrics, 'text[]')}) OFFSET 0
      ) l
      JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
      ${agentsAndNetworks('l')}
    ) r
    WHERE true ${filters(values, asked)}`;
}

function listOf(values: BoundValues, stretches: readonly CountedRange[]): string {
  const [lows, highs] = [
    times(
      values,
      stretches.map(({ from }) => from),
    ),
    times(
      values,
      stretches.map(({ to }) => to),
    ),
  ];
  return `unnest(${lows}, ${highs}) AS s (low, high)`;
}

/** The bounds of all stretches, by which the planner leaves out every other partition. */
function between(values: BoundValues, stretches: readonly CountedRange[]): string {
  const bound = (instants: number[], pick: (...all: number[]) => number) =>
    values.bind(new Date(pick(...instants)).toISOString(), 'timestamptz');
  return `AND occurred_at >= ${bound(
    stretches.map(({ from }) => from),
    Math.min,
  )} AND occurred_at < ${bound(
    stretches.map(({ to }) => to),
    Math.max,
  )}`;
}

function filters(values: BoundValues, asked: QueryShape): string {
  return [
    among(values, 'r.podcast_id', asked.podcastIds, 'uuid'),
    among(values, 'r.episode_id', asked.episodeIds, 'uuid'),
    among(values, 'r.app', asked.app, 'text'),
    among(values, 'r.device', asked.device, 'text'),
    among(values, 'r.country', asked.country, 'text'),
  ].join(' ');
}

function keysOf({ by }: QueryShape): string {
  return groupKeys(by, {
    podcast: 'r.podcast_id::text',
    episode: 'r.episode_id::text',
    app: 'r.app',
    device: 'r.device',
    country: 'r.country',
  });
}
