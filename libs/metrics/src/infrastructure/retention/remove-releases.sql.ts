import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** What is stored of releases: their curves by day, and the totals that outlive them. */
export type ReleaseRelation = 'release_curves' | 'release_totals';

/**
 * Removes what is stored of up to `limit` releases that began at `lastStart` or before. Call it under the tenant's lock of
 * stage `release`. What was noted of their starts stays: a curve without a start would be built anew.
 *
 * @returns how many rows went
 */
export async function removeReleases(
  sql: Sql,
  tenantId: TenantId,
  relation: ReleaseRelation,
  lastStart: Date,
  limit: number,
): Promise<number> {
  const [row] = await sql<{ rows: number }>(
    `WITH old AS MATERIALIZED (
       SELECT s.episode_id FROM release_starts s
       WHERE s.tenant_id = $1 AND s.started_at <= $2
         AND EXISTS (SELECT FROM ${relation} r WHERE r.tenant_id = $1 AND r.episode_id = s.episode_id)
       LIMIT $3
     ), removed AS (
       DELETE FROM ${relation} r USING old o WHERE r.tenant_id = $1 AND r.episode_id = o.episode_id RETURNING 1
     )
     SELECT count(*)::integer AS rows FROM removed`,
    [tenantId, lastStart, limit],
  );
  return row?.rows ?? 0;
}
