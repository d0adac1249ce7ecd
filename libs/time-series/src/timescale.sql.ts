import type { Sql } from '@lib/database';

/**
 * Takes the lock of those who refresh continuous aggregates, until the session ends; false when somebody else has it.
 * Needs a session of its own, not a pooled one.
 */
export async function tryLockAggregates(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ obtained: boolean }>(
    `SELECT pg_try_advisory_lock(hashtextextended('podcast.aggregates', 0)) AS obtained`,
  );
  return row?.obtained === true;
}

/** Computes one window of an aggregate again, as far as raw events in it changed. For the owner, outside a transaction. */
export async function refreshWindow(
  sql: Sql,
  aggregate: 'hourly' | 'daily',
  { from, to }: { from: Date; to: Date },
): Promise<void> {
  await sql('CALL refresh_continuous_aggregate($1::regclass, $2::timestamptz, $3::timestamptz)', [
    `ts.listener_events_${aggregate}`,
    from,
    to,
  ]);
}

/** Whether the database has continuous aggregates, and with them the other things of the community licence. */
export async function hasContinuousAggregates(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ present: boolean }>(
    `SELECT to_regclass('public.episode_events_hourly') IS NOT NULL AS present`,
  );
  return row?.present === true;
}

/**
 * Compresses the oldest chunk of raw rows that ends at or before `before` and has rows that are not compressed: all of them, or those
 * that came or changed since. For the owner. @returns false when there was none
 */
export async function compressNextChunk(sql: Sql, before: Date): Promise<boolean> {
  const rows = await sql(
    `WITH waiting AS MATERIALIZED (
       SELECT format('%I.%I', chunk_schema, chunk_name)::regclass AS chunk
       FROM timescaledb_information.chunks
       WHERE hypertable_schema = 'ts' AND hypertable_name <> 'listener_metrics' AND range_end <= $1
         AND NOT coalesce(_timescaledb_functions.chunk_status_text(format('%I.%I', chunk_schema, chunk_name)::regclass),
                          '{}') IN ('{COMPRESSED}', '{COMPRESSED,FROZEN}')
       ORDER BY range_end LIMIT 1
     )
     SELECT compress_chunk(chunk, if_not_compressed => true) FROM waiting`,
    [before],
  );
  return rows.length > 0;
}
