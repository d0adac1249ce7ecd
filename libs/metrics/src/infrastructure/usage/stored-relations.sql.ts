import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A level of data, as retention names it. */
export type StoredLevel = 'raw' | 'download' | 'slice' | 'hour' | 'day' | 'month';

/** What counts as one line of a tenant's storage: a table, or the rows of one level in it. */
export interface StoredRelation {
  readonly relation: string;
  readonly level: StoredLevel;
  /** The column that leads an index right after the tenant and `grain`; null: rows are of episodes, not of a time. */
  readonly time: string | null;
  /** Where a table holds several levels. */
  readonly grain?: 'slice' | 'hour' | 'day' | 'month';
}

/** A relation whose rows are of a time. */
export type TimedRelation = StoredRelation & { readonly time: string };

const GRAINS = ['slice', 'hour', 'day', 'month'] as const;

/** Everything that grows with events. What people edit is small beside it. */
export const STORED_RELATIONS: readonly StoredRelation[] = [
  { relation: 'listener_events', level: 'raw', time: 'occurred_at' },
  { relation: 'attribution_events', level: 'raw', time: 'occurred_at' },
  { relation: 'downloads', level: 'download', time: 'occurred_at' },
  ...['listener_metrics', 'listener_totals', 'dimension_counts', 'listening_positions'].flatMap((relation) =>
    GRAINS.map((grain) => ({ relation, level: grain, time: 'bucket', grain })),
  ),
  { relation: 'metrics_daily', level: 'day', time: 'day' },
  { relation: 'audience_sketches', level: 'day', time: 'day' },
  { relation: 'release_curves', level: 'day', time: null },
  { relation: 'release_totals', level: 'month', time: null },
];

/** Days that are counted by one statement: a very large tenant's rows could otherwise exceed the statement timeout. */
const STRETCH = "interval '28 days'";

/** Counts a tenant's rows of a relation without a time: at most some hundred for each episode. */
export async function countAll(
  sql: Sql,
  tenantId: TenantId,
  { relation }: Pick<StoredRelation, 'relation'>,
): Promise<number> {
  const [row] = await sql<{ rows: string }>(`SELECT count(*) AS rows FROM ${relation} WHERE tenant_id = $1`, [
    tenantId,
  ]);
  return Number(row?.rows ?? 0);
}

/**
 * Counts a tenant's rows from the first one at or after `from` on, for 28 days.
 * @returns how many, and where to go on; null at the end
 */
export async function countStretch(
  sql: Sql,
  tenantId: TenantId,
  { relation, time, grain }: TimedRelation,
  from: Date,
): Promise<{ rows: number; next: Date } | null> {
  const own = `FROM ${relation} WHERE tenant_id = $1 ${grain === undefined ? '' : `AND grain = '${grain}'`}`;
  const column = time === 'day' ? 'date' : 'timestamptz';
  const [row] = await sql<{ rows: string; next: Date | null }>(
    `WITH first AS MATERIALIZED (SELECT min(${time}) AS at ${own} AND ${time} >= $2::timestamptz::${column})
     SELECT (at + ${STRETCH})::timestamptz AS next,
            (SELECT count(*) ${own} AND ${time} >= (SELECT at FROM first)
             AND ${time} < (SELECT (at + ${STRETCH})::${column} FROM first)) AS rows
     FROM first`,
    [tenantId, from],
  );
  if (row === undefined || row.next === null) return null;
  return { rows: Number(row.rows), next: row.next };
}

/**
 * How many bytes a row of each table takes with its share of the indexes, over all tenants: size on disk by the planner's
 * count of rows. Tables that were never analysed are left out, such as those of a new installation; of a table with few
 * rows it says too much, because a page is the least that is allotted. What TimescaleDB has compressed counts as if it were
 * not.
 */
export async function averageRowBytes(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql<{ relation: string; bytes: number }>(
    `SELECT r.relation, sum(pg_total_relation_size(c.oid))::float8 / sum(c.reltuples)::float8 AS bytes
     FROM unnest($1::text[]) AS r (relation)
     JOIN pg_class t ON t.relname = r.relation
       AND t.relnamespace IN ('public'::regnamespace, to_regnamespace('ts')) -- there the engine timescale has its hypertables
     CROSS JOIN LATERAL (SELECT t.oid UNION ALL SELECT inhrelid FROM pg_inherits WHERE inhparent = t.oid) p
     JOIN pg_class c ON c.oid = p.oid
     WHERE c.relkind = 'r' AND c.reltuples > 0
     GROUP BY 1`,
    [[...new Set(STORED_RELATIONS.map(({ relation }) => relation))]],
  );
  return new Map(rows.map(({ relation, bytes }) => [relation, bytes]));
}
