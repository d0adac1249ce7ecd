/** A table of rollup rows, by the columns that matter for writing it. */
export interface RollupTable {
  readonly name: string;
  /** Its key, without the tenant, the grain and the bucket. */
  readonly of: string;
  /** A uuid that follows from the key and is kept beside the value. */
  readonly carries?: string;
}

const OF_VALUE = 'metric, dimension, dimension_value, evidence, rule_set_id';

/** Rows by episode, with the episode's podcast. */
export const LISTENER_METRICS: RollupTable = {
  name: 'listener_metrics',
  of: `episode_id, ${OF_VALUE}`,
  carries: 'podcast_id',
};
/** Rows by podcast, and by the whole network. */
export const LISTENER_TOTALS: RollupTable = {
  name: 'listener_totals',
  of: `podcast_id, ${OF_VALUE}`,
};

/**
 * The end of a statement that makes rollup rows say what `fresh` says. Only rows that differ are touched: an upsert of a
 * row that is already right would still lock it, which writes its page. What changes in days is added to their months.
 *
 * Expects the tenant as $1, the grain as $2, and the relations `stored`, the rows that are there now, and `fresh`, those
 * that should be, both with the table's key, what it carries, and `value`. Returns one row with the number of rows written
 * or removed.
 *
 * On tables that were filled a moment ago the planner expects one row and joins thousands by nested loops. So the two are
 * compared by grouping, and the rows to remove, mostly none, are gathered before they are joined: 100,000 events of one
 * day took longer than the statement timeout otherwise.
 */
export function writeDifference(table: RollupTable): string {
  const { name, of, carries } = table;
  const key = `bucket, ${of}`;
  const carried = (column: string) => (carries === undefined ? '' : `, ${column}`);
  const columns = `${key}, value${carried(carries ?? '')}`;
  const match = key.split(', ').map((column) => `m.${column} = g.${column}`);
  return `
  difference AS MATERIALIZED (
    SELECT ${key}, max(fresh_value) AS value, coalesce(max(fresh_value), 0) - coalesce(max(stored_value), 0) AS added
           ${carried(`coalesce(max(fresh_carried), max(stored_carried))::uuid AS ${carries}`)}
    FROM (SELECT ${key}, value AS fresh_value, NULL AS stored_value
                 ${carried(`${carries}::text AS fresh_carried, NULL AS stored_carried`)}
          FROM fresh
          UNION ALL
          SELECT ${key}, NULL, value ${carried(`NULL, ${carries}::text`)} FROM stored) both_sides
    GROUP BY ${key}
    HAVING max(fresh_value) IS DISTINCT FROM max(stored_value)
           ${carries === undefined ? '' : 'OR max(fresh_carried) IS DISTINCT FROM max(stored_carried)'}
  ), gone AS MATERIALIZED (
    SELECT ${key} FROM difference WHERE value IS NULL
  ), removed AS (
    DELETE FROM ${name} m USING gone g
    WHERE EXISTS (SELECT FROM gone) AND m.tenant_id = $1 AND m.grain = $2 AND ${match.join(' AND ')}
    RETURNING 1
  ), written AS (
    INSERT INTO ${name} (tenant_id, grain, ${columns})
    SELECT $1, $2, ${columns} FROM difference WHERE value IS NOT NULL
    ON CONFLICT (tenant_id, grain, ${key}) DO UPDATE
      SET value = EXCLUDED.value ${carried(`${carries} = EXCLUDED.${carries}`)}
    RETURNING 1
  ), of_month AS (${addToMonth(table, "difference WHERE $2 = 'day'")}
  )
  SELECT ((SELECT count(*) FROM removed) + (SELECT count(*) FROM written))::integer AS written`;
}

/**
 * SQL that adds what changed to the rows of its UTC months. These are added to and never summed anew, since two
 * days of one may be refreshed at once: an addition waits for the other's and goes on from it. In the order of the key, so
 * that neither waits for the other for ever. A month whose days are gone stays, with 0.
 *
 * @param changes a relation `(bucket, added)` with the rest of the table's key and what it carries
 */
export function addToMonth({ name, of, carries }: RollupTable, changes: string): string {
  const carried = (column: string) => (carries === undefined ? '' : `, ${column}`);
  return `
    INSERT INTO ${name} (tenant_id, grain, bucket, ${of}, value ${carried(carries ?? '')})
    SELECT $1, 'month', date_trunc('month', bucket, 'UTC') AS bucket, ${of}, sum(added)::bigint
           ${carried(`max(${carries}::text)::uuid`)}
    FROM ${changes}
    GROUP BY 3, ${of} ORDER BY 3, ${of}
    ON CONFLICT (tenant_id, grain, bucket, ${of}) DO UPDATE
      SET value = ${name}.value + EXCLUDED.value ${carried(`${carries} = EXCLUDED.${carries}`)}`;
}
