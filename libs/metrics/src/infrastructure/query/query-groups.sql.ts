import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { MetricLevel } from '../../domain/event-metrics.js';
import type { Grouping, QueryShape } from '../../domain/query/metrics-query.js';
import type { CountedRange } from '../../domain/read-range.js';
import { bindValues, type BoundValues } from './bind-values.js';
import { rowsOneByOne } from './one-by-one.js';
import { rollupRows, times, type RollupReading } from './row-reader.js';

/** From where the numbers of a question are read. */
export interface QueryReading {
  readonly rollups: RollupReading;
  /** Stretches that are read row by row. */
  readonly oneByOne: readonly CountedRange[];
  /** Ascending starts of the buckets, in UTC milliseconds. */
  readonly starts: readonly number[];
  /** How many of these lie before the range asked for: what it is compared with. */
  readonly bucketsBefore: number;
}

/** Where a list of groups goes on. */
export interface GroupPosition {
  /** Of the level of evidence, from 1. */
  readonly level: number;
  /** Minus the value where the list is ordered by it, else 0. */
  readonly rank: string;
  readonly name1: string;
  readonly name2: string;
  readonly key1: string;
  readonly key2: string;
}

/** The numbers of one group at one level. */
export interface QueryGroup extends GroupPosition {
  readonly value: number;
  readonly previous: number;
  /** By number of the bucket; those without events are left out. */
  readonly counts: Readonly<Record<string, number>> | null;
}

/**
 * The groups of a question, those of the first level first, at most `limit` after a position. Groups without events are
 * left out; without grouping there is one row for each level in any case.
 *
 * The order is total and depends on nothing but the numbers and names: joined pages are the whole list, as long as neither
 * changes. Podcasts and episodes are named by their titles, and told apart by their ids.
 */
export async function queryGroups(
  sql: Sql,
  tenantId: TenantId,
  asked: QueryShape,
  levels: readonly MetricLevel[],
  reading: QueryReading,
  page: { readonly limit: number; readonly after: GroupPosition | undefined },
): Promise<QueryGroup[]> {
  const values = bindValues(tenantId);
  const text = `
    WITH pieces AS (${pieces(values, asked, reading)}
    ), counted AS (
      SELECT metric, evidence, key1, key2, width_bucket(bucket, ${times(values, reading.starts)}) - 1 AS place,
             sum(value) AS value
      FROM pieces GROUP BY 1, 2, 3, 4, 5
    ), grouped AS MATERIALIZED (
      SELECT metric, evidence, key1, key2,
             coalesce(sum(value) FILTER (WHERE place >= ${reading.bucketsBefore}), 0)::bigint AS value,
             coalesce(sum(value) FILTER (WHERE place < ${reading.bucketsBefore}), 0)::bigint AS previous,
             ${asked.interval === undefined ? 'NULL::json' : 'json_object_agg(place, value)'} AS counts
      FROM counted GROUP BY 1, 2, 3, 4
    ), named AS (
      SELECT l.level, ${asked.order === 'value' ? '-coalesce(g.value, 0)' : '0::bigint'} AS rank,
             ${nameOf(asked.by[0], 1)} AS name1, ${nameOf(asked.by[1], 2)} AS name2,
             coalesce(g.key1, '') AS key1, coalesce(g.key2, '') AS key2,
             coalesce(g.value, 0) AS value, coalesce(g.previous, 0) AS previous, g.counts
      FROM unnest(${values.bind(
        levels.map(({ metric }) => metric),
        'text[]',
      )}, ${values.bind(
        levels.map(({ evidence }) => evidence),
        'text[]',
      )}) WITH ORDINALITY AS l (metric, evidence, level)
      LEFT JOIN grouped g USING (metric, evidence) ${titleOf(asked.by[0], 1)} ${titleOf(asked.by[1], 2)}
      ${asked.by.length === 0 ? '' : 'WHERE g.value <> 0 OR g.previous <> 0'}
    )
    SELECT level::integer, rank::text, name1, name2, key1, key2, value, previous, counts FROM named
    ${afterPosition(values, page.after)}
    ORDER BY ${POSITION} LIMIT ${values.bind(page.limit, 'integer')}`;
  const rows = await sql<Omit<QueryGroup, 'value' | 'previous'> & { value: string; previous: string }>(
    text,
    values.params,
  );
  return rows.map((row) => ({ ...row, value: Number(row.value), previous: Number(row.previous) }));
}

function pieces(values: BoundValues, asked: QueryShape, { rollups, oneByOne }: QueryReading): string {
  return [
    ...(rollups.stretches.length === 0 ? [] : rollupRows(values, asked, rollups)),
    ...(oneByOne.length === 0 ? [] : rowsOneByOne(values, asked, oneByOne)),
  ].join(' UNION ALL ');
}

/** With the relation's name: an answer's column of the same name would be taken instead, and that is a text. */
const POSITION = [
  'level',
  'rank',
  'name1 COLLATE "C"',
  'name2 COLLATE "C"',
  'key1 COLLATE "C"',
  'key2 COLLATE "C"',
]
  .map((column) => `named.${column}`)
  .join(', ');

function afterPosition(values: BoundValues, after: GroupPosition | undefined): string {
  if (after === undefined) return '';
  const { level, rank, name1, name2, key1, key2 } = after;
  const texts = [name1, name2, key1, key2].map((text) => values.bind(text, 'text'));
  return `WHERE (${POSITION}) > (${values.bind(level, 'bigint')}, ${values.bind(rank, 'bigint')}, ${texts.join(', ')})`;
}

const TITLED: Partial<Record<Grouping, string>> = { podcast: 'podcasts', episode: 'episodes' };

function titleOf(grouping: Grouping | undefined, place: 1 | 2): string {
  const table = grouping && TITLED[grouping];
  if (table === undefined) return '';
  return `LEFT JOIN ${table} t${place} ON t${place}.tenant_id = $1 AND t${place}.id = g.key${place}::uuid`;
}

function nameOf(grouping: Grouping | undefined, place: 1 | 2): string {
  const titled = grouping !== undefined && TITLED[grouping] !== undefined;
  return `coalesce(${titled ? `t${place}.title` : `g.key${place}`}, '')`;
}
