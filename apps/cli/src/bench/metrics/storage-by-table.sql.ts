import type { LoginSession } from '../../connect-as-login.js';

/** What a table takes, with its partitions or chunks, indexes and long values. */
export interface TableStorage {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}

/** Tables that grow with events, largest first. The number of rows is what ANALYZE has found. */
export async function storageByTable({ sql }: LoginSession): Promise<TableStorage[]> {
  const rows = await sql<{ name: string; rows: string; bytes: string }>(
    `WITH RECURSIVE parts AS (
       SELECT c.oid AS top, c.oid FROM pg_class c
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
         AND c.relname IN ('listener_events', 'downloads', 'listener_metrics', 'listener_totals', 'dimension_counts', 'listening_positions',
                           'metrics_daily', 'audience_sketches', 'release_curves', 'release_totals')
       UNION ALL
       SELECT p.top, i.inhrelid FROM parts p JOIN pg_inherits i ON i.inhparent = p.oid
     )
     SELECT top::regclass::text AS name, sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind = 'r') AS rows,
            sum(pg_total_relation_size(c.oid)) AS bytes
     FROM parts p JOIN pg_class c ON c.oid = p.oid GROUP BY 1 ORDER BY bytes DESC`,
  );
  return rows.map((row) => ({ name: row.name, rows: Number(row.rows), bytes: Number(row.bytes) }));
}

/** The engine that the database was migrated for. */
export async function engineName({ sql }: LoginSession): Promise<string> {
  const [row] = await sql<{ engine: string }>('SELECT engine FROM schema_info');
  return row?.engine ?? 'unknown';
}
