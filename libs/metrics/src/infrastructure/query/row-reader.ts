import type { GrainStretch } from '../../domain/cover-with-grains.js';
import type { Dimension } from '../../domain/query/dimensions.js';
import { isByEpisode, type Grouping, type QueryShape } from '../../domain/query/metrics-query.js';
import type { BoundValues } from './bind-values.js';
import { WHOLE_NETWORK } from '../rebuild-totals.sql.js';

/** What is read of rollups: the stretches, and the one dimension if there is any. */
export interface RollupReading {
  readonly stretches: readonly GrainStretch[];
  readonly dimension: Dimension | undefined;
}

/** SQL for the two names of a row's group: its podcast, its episode, or its value of a dimension; empty for none. */
export function groupKeys(by: readonly Grouping[], names: Record<Grouping, string>): string {
  const [first, second] = by;
  return `${first ? names[first] : "''"} AS key1, ${second ? names[second] : "''"} AS key2`;
}

/** SQL for a condition on a column, or for none where the filter is not given. */
export function among(
  values: BoundValues,
  column: string,
  list: readonly string[] | undefined,
  type: 'uuid' | 'text',
): string {
  return list === undefined ? '' : `AND ${column} = ANY (${values.bind(list, `${type}[]`)})`;
}

const COARSE: readonly string[] = ['day', 'month'];

/**
 * SQL that reads what a question needs from rollups, as rows `(metric, evidence, key1, key2, bucket, value)`. Each podcast or
 * episode is one index range for each metric and stretch, and a whole network's days and months by episode are one for all.
 * The lateral sub-selects leave no other way: left to join freely, the planner may hash all rows of a tenant.
 */
export function rollupRows(values: BoundValues, asked: QueryShape, reading: RollupReading): string[] {
  const { stretches } = reading;
  if (reading.dimension !== undefined) return [dimensionRows(values, asked, stretches, reading.dimension)];
  if (!isByEpisode(asked))
    return [readEach(values, asked, stretches, 'listener_totals', 'podcast_id', podcastsOf)];
  const everyEpisode = asked.episodeIds === undefined && asked.podcastIds === undefined;
  const coarse = everyEpisode ? stretches.filter(({ grain }) => COARSE.includes(grain)) : [];
  const rest = stretches.filter((stretch) => !coarse.includes(stretch));
  return [
    ...(coarse.length === 0 ? [] : [readAll(values, asked, coarse)]),
    ...(rest.length === 0
      ? []
      : [readEach(values, asked, rest, 'listener_metrics', 'episode_id', episodesOf)]),
  ];
}

function readEach(
  values: BoundValues,
  asked: QueryShape,
  stretches: readonly GrainStretch[],
  table: string,
  column: string,
  scopesOf: (values: BoundValues, asked: QueryShape) => string,
): string {
  return `
    SELECT rows.metric, rows.evidence, ${keysOf(asked)}, rows.bucket, rows.value
    FROM (${scopesOf(values, asked)}) AS c (id) CROSS JOIN ${listOf(values, stretches)}
    CROSS JOIN LATERAL (
      SELECT m.* FROM ${table} m WHERE ${ofStretch(values, asked)} AND m.${column} = c.id OFFSET 0
    ) rows`;
}

function readAll(values: BoundValues, asked: QueryShape, stretches: readonly GrainStretch[]): string {
  return `
    SELECT rows.metric, rows.evidence, ${keysOf(asked)}, rows.bucket, rows.value
    FROM ${listOf(values, stretches)}
    CROSS JOIN LATERAL (
      SELECT m.* FROM listener_metrics m
      WHERE ${ofStretch(values, asked)} AND m.grain IN ('day', 'month') OFFSET 0
    ) rows`;
}

/** The same by one dimension, where each podcast or episode is one index range for each metric and stretch. */
function dimensionRows(
  values: BoundValues,
  asked: QueryShape,
  stretches: readonly GrainStretch[],
  dimension: Dimension,
): string {
  const scopes = isByEpisode(asked)
    ? `SELECT e.podcast_id, c.id FROM (${episodesOf(values, asked)}) AS c (id)
       JOIN episodes e ON e.tenant_id = $1 AND e.id = c.id`
    : `SELECT c.id, ${WHOLE_NETWORK} FROM (${podcastsOf(values, asked)}) AS c (id)`;
  return `
    SELECT rows.metric, rows.evidence, ${keysOf(asked)}, rows.bucket, named.count AS value
    FROM (${scopes}) AS c (podcast_id, episode_id) CROSS JOIN ${listOf(values, stretches)}
    CROSS JOIN LATERAL (
      SELECT m.* FROM dimension_counts m
      WHERE m.tenant_id = $1 AND m.podcast_id = c.podcast_id AND m.episode_id = c.episode_id AND m.grain = s.grain
        AND m.dimension = '${dimension}' AND m.metric = ANY (${values.bind(asked.metrics, 'text[]')})
        AND m.bucket >= s.low AND m.bucket < s.high
      OFFSET 0
    ) rows
    CROSS JOIN LATERAL unnest(rows.names, rows.counts) AS named (name, count)
    WHERE true ${among(values, 'named.name', asked[dimension], 'text')}`;
}

function ofStretch(values: BoundValues, asked: QueryShape): string {
  return `m.tenant_id = $1 AND m.grain = s.grain AND m.dimension = 'none'
    AND m.metric = ANY (${values.bind(asked.metrics, 'text[]')}) AND m.bucket >= s.low AND m.bucket < s.high`;
}

function listOf(values: BoundValues, stretches: readonly GrainStretch[]): string {
  return `unnest(${values.bind(
    stretches.map(({ grain }) => grain),
    'text[]',
  )}, ${times(
    values,
    stretches.map(({ from }) => from),
  )}, ${times(
    values,
    stretches.map(({ to }) => to),
  )}) AS s (grain, low, high)`;
}

/** Instants in UTC milliseconds as an array of the database. */
export function times(values: BoundValues, instants: readonly number[]): string {
  return values.bind(
    instants.map((instant) => new Date(instant).toISOString()),
    'timestamptz[]',
  );
}

function keysOf({ by }: QueryShape): string {
  return groupKeys(by, {
    podcast: 'rows.podcast_id::text',
    episode: 'rows.episode_id::text',
    app: 'named.name',
    device: 'named.name',
    country: 'named.name',
  });
}

function podcastsOf(values: BoundValues, { by, podcastIds }: QueryShape): string {
  if (podcastIds !== undefined) return `SELECT DISTINCT unnest(${values.bind(podcastIds, 'uuid[]')})`;
  return by.includes('podcast') ? 'SELECT id FROM podcasts WHERE tenant_id = $1' : `SELECT ${WHOLE_NETWORK}`;
}

function episodesOf(values: BoundValues, { podcastIds, episodeIds }: QueryShape): string {
  return `SELECT id FROM episodes WHERE tenant_id = $1
    ${among(values, 'podcast_id', podcastIds, 'uuid')} ${among(values, 'id', episodeIds, 'uuid')}`;
}
