import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../../domain/cover-with-grains.js';
import type { AdsInBin } from '../../domain/listening/learn-windows.js';
import type { HeardByBin } from '../../domain/listening/position-bins.js';

/** What happened at the positions of an episode. */
export interface EpisodePositions {
  heard: HeardByBin;
  starts: number;
  ads: AdsInBin[];
}

/**
 * Sums the listening to an episode by bins of it. Reads rollups only.
 *
 * @param stretches rollup rows that cover the range: see `coverWithGrains`
 */
export async function episodePositions(
  sql: Sql,
  tenantId: TenantId,
  episodeId: string,
  stretches: readonly GrainStretch[],
): Promise<EpisodePositions> {
  const rows = await sql<{ kind: string; placementId: string; bin: number; amount: string }>(
    `SELECT p.kind, p.placement_id AS "placementId", u.bin, sum(u.amount) AS amount
     FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS s (grain, low, high)
     CROSS JOIN LATERAL (
       SELECT * FROM listening_positions
       WHERE tenant_id = $1 AND episode_id = $5 AND grain = s.grain AND bucket >= s.low AND bucket < s.high
       OFFSET 0
     ) p
     CROSS JOIN LATERAL unnest(p.bins, p.amounts) AS u (bin, amount)
     GROUP BY 1, 2, 3 HAVING sum(u.amount) <> 0
     ORDER BY 1, 2, 3`,
    [
      tenantId,
      stretches.map(({ grain }) => grain),
      stretches.map(({ from }) => new Date(from).toISOString()),
      stretches.map(({ to }) => new Date(to).toISOString()),
      episodeId,
    ],
  );
  const of = (kind: string) => rows.filter((row) => row.kind === kind);
  return {
    heard: new Map(of('heard').map(({ bin, amount }) => [bin, Number(amount)])),
    starts: of('start').reduce((sum, { amount }) => sum + Number(amount), 0),
    ads: of('ad').map(({ placementId, bin, amount }) => ({ placementId, bin, ads: Number(amount) })),
  };
}
