import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** The first UTC day with audience sketches, `YYYY-MM-DD`; null when there are none. */
export async function firstSketchDay(sql: Sql, tenantId: TenantId): Promise<string | null> {
  const [row] = await sql<{ day: string | null }>(
    `SELECT min(day)::text AS day FROM audience_sketches WHERE tenant_id = $1`,
    [tenantId],
  );
  return row?.day ?? null;
}

/**
 * Removes the audience sketches of a UTC day, `YYYY-MM-DD`. Call it under the day's lock of stage `audience`, in a
 * transaction that began after the horizon of days was moved behind it.
 *
 * @returns how many rows went
 */
export async function removeSketches(sql: Sql, tenantId: TenantId, day: string): Promise<number> {
  const [row] = await sql<{ removed: number }>(
    `WITH removed AS (DELETE FROM audience_sketches WHERE tenant_id = $1 AND day = $2 RETURNING 1)
     SELECT count(*)::integer AS removed FROM removed`,
    [tenantId, day],
  );
  return row?.removed ?? 0;
}
