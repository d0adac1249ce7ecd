import type { Sql } from '@lib/database';

/**
 * Takes a lane of feeds for `leaseSeconds`; false when it is not free. Of several callers at once, in whatever process,
 * one gets it. Whoever dies with a lane loses it when the lease is over. Runs without a tenant, like all here.
 * @param holder names the caller; must be new for every claim
 */
export async function claimFeedLane(
  sql: Sql,
  lane: string,
  holder: string,
  leaseSeconds: number,
): Promise<boolean> {
  const rows = await sql(
    `INSERT INTO feed_lanes AS held (lane, holder, free_at)
     VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
     ON CONFLICT (lane) DO UPDATE SET holder = excluded.holder, free_at = excluded.free_at
       WHERE held.free_at <= clock_timestamp()
     RETURNING lane`,
    [lane, holder, leaseSeconds],
  );
  return rows.length > 0;
}

/** The lane of the feeds of a host, as `podcasts.feed_lane` has it. @param host with its port where that is not the usual one */
export async function feedLaneOf(sql: Sql, host: string): Promise<string> {
  const rows = await sql<{ lane: string }>('SELECT hashtextextended($1, 0)::text AS lane', [host]);
  return rows[0]?.lane ?? '';
}

/** In how many milliseconds the lane is free, as far as is known now; 0 when it is. */
export async function feedLaneWaitMs(sql: Sql, lane: string): Promise<number> {
  const rows = await sql<{ waitMs: number }>(
    `SELECT greatest(extract(epoch FROM free_at - clock_timestamp()) * 1000, 0)::float8 AS "waitMs"
     FROM feed_lanes WHERE lane = $1`,
    [lane],
  );
  return rows[0]?.waitMs ?? 0;
}

/** Gives a lane back, free after `gapMs`. Nothing happens when the holder has lost it. */
export async function freeFeedLane(sql: Sql, lane: string, holder: string, gapMs: number): Promise<void> {
  await sql(
    `UPDATE feed_lanes SET free_at = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
     WHERE lane = $1 AND holder = $2`,
    [lane, holder, gapMs],
  );
}

/** Forgets the lanes that are free. Waits for nobody. */
export async function forgetFreeLanes(sql: Sql): Promise<void> {
  await sql(
    `DELETE FROM feed_lanes WHERE lane IN (
       SELECT lane FROM feed_lanes WHERE free_at <= now() FOR UPDATE SKIP LOCKED)`,
  );
}
