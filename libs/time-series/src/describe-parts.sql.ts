import type { Sql } from '@lib/database';

/** Partitions of the raw tables. */
export async function countPartitions(sql: Sql): Promise<number> {
  const [row] = await sql<{ parts: number }>(
    `SELECT count(*)::int AS parts FROM pg_inherits
     WHERE inhparent IN ('public.listener_events'::regclass, 'public.attribution_events'::regclass)`,
  );
  return row?.parts ?? 0;
}

/** Chunks of the raw hypertables. */
export async function countChunks(sql: Sql): Promise<{ parts: number; compressedParts: number }> {
  const [row] = await sql<{ parts: number; compressedParts: number }>(
    `SELECT count(*)::int AS parts, (count(*) FILTER (WHERE is_compressed))::int AS "compressedParts"
     FROM timescaledb_information.chunks
     WHERE hypertable_schema = 'ts' AND hypertable_name IN ('listener_events', 'attribution_events')`,
  );
  return row ?? { parts: 0, compressedParts: 0 };
}
