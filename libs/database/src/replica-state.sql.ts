import type { QueryRunner } from 'typeorm';

/** What a read replica says of itself. */
export interface ReplicaState {
  /** False on a server that replays nothing: it is no replica. */
  recovers: boolean;
  /** When the transaction that was replayed last was committed on the primary; null where none was. */
  replayedAt: Date | null;
  /** For how long that has been so; a clock that goes wrong on either server moves it. */
  ageMs: number | null;
}

export async function replicaState(replica: QueryRunner): Promise<ReplicaState> {
  const [row] = await rowsOf<ReplicaState>(
    replica,
    `SELECT pg_is_in_recovery() AS recovers, pg_last_xact_replay_timestamp() AS "replayedAt",
            (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 AS "ageMs"`,
  );
  return row ?? { recovers: false, replayedAt: null, ageMs: null };
}

/** Up to where the primary's log is safe on its disk, and when that was: a replica never sees more. */
export async function primaryPosition(
  primary: QueryRunner,
): Promise<{ position: string; at: Date } | undefined> {
  const [row] = await rowsOf<{ position: string; at: Date }>(
    primary,
    // The time first: what is committed by then is before the position.
    `SELECT t.at, pg_current_wal_flush_lsn()::text AS position FROM (SELECT clock_timestamp() AS at OFFSET 0) t`,
  );
  return row;
}

/** Whether a replica shows everything up to a position of the primary's log. */
export async function hasReplayed(replica: QueryRunner, position: string): Promise<boolean> {
  const [row] = await rowsOf<{ done: boolean }>(
    replica,
    'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done',
    [position],
  );
  return row?.done === true;
}

async function rowsOf<Row>(runner: QueryRunner, text: string, params: unknown[] = []): Promise<Row[]> {
  return (await runner.query(text, params, true)).records as Row[];
}
