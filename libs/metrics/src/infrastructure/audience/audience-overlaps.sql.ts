import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { estimateAudience, shareBelow, type AudienceSize } from '../../domain/audience/estimate-audience.js';
import { MERGED_SETS, NO_FILTER, setParams, type AudienceSet } from './audience-sets.js';

/** What two sets, by their places in the list, have in common. */
export interface CommonListeners {
  readonly first: number;
  readonly second: number;
  readonly size: AudienceSize;
}

/**
 * How many listeners each two sets of the same level have in common, the first before the second. Below the lower of their
 * thresholds both are whole, so there the ids that are in both are counted, and from them the rest is estimated.
 *
 * @param sets in all of them a listener has the same id
 */
export async function audienceOverlaps(
  sql: Sql,
  tenantId: TenantId,
  sets: readonly AudienceSet[],
): Promise<CommonListeners[]> {
  if (sets.length === 0) return [];
  const rows = await sql<{ first: number; second: number; kept: number; threshold: string | null }>(
    `WITH ${MERGED_SETS}, levels AS (
       SELECT DISTINCT s.set, s.evidence, t.threshold FROM stretches s LEFT JOIN thresholds t ON t.set = s.set
     ), common AS (
       SELECT a.set AS first, b.set AS second, count(*)::integer AS kept
       FROM members a JOIN members b ON b.hash = a.hash AND b.set > a.set
       JOIN levels la ON la.set = a.set JOIN levels lb ON lb.set = b.set AND lb.evidence = la.evidence
       WHERE (la.threshold IS NULL OR a.hash < la.threshold) AND (lb.threshold IS NULL OR a.hash < lb.threshold)
       GROUP BY 1, 2
     )
     SELECT a.set AS first, b.set AS second, coalesce(c.kept, 0) AS kept,
            least(a.threshold, b.threshold)::text AS threshold
     FROM levels a JOIN levels b ON b.evidence = a.evidence AND b.set > a.set
     LEFT JOIN common c ON c.first = a.set AND c.second = b.set
     ORDER BY 1, 2`,
    setParams(tenantId, sets, NO_FILTER),
  );
  return rows.map(({ first, second, kept, threshold }) => ({
    first,
    second,
    size: estimateAudience({ kept, share: shareBelow(threshold) }),
  }));
}
