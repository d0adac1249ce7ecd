import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { estimateAudience, shareBelow, type AudienceSize } from '../../domain/audience/estimate-audience.js';
import { MERGED_SETS, NO_FILTER, setParams, type AudienceSet } from './audience-sets.js';
import { UNIONS, unionsOf, type AudienceUnion, type UnionRow } from './audience-unions.sql.js';

/** What two sets, by their places in the list, have in common. */
export interface CommonListeners {
  readonly first: number;
  readonly second: number;
  readonly size: AudienceSize;
}

/** Sets, and what each two of the same level have in common, the earlier one first. */
export interface AudienceOverlaps {
  readonly unions: ReadonlyMap<AudienceSet, AudienceUnion>;
  readonly common: readonly CommonListeners[];
}

/** A row of `PAIRS`. */
interface PairRow {
  first: number;
  second: number;
  kept: number;
  threshold: string | null;
}

const PAIRS = `
  SELECT a.set AS first, b.set AS second, coalesce(c.kept, 0) AS kept, least(a.threshold, b.threshold)::text AS threshold
  FROM levels a JOIN levels b ON b.evidence = a.evidence AND b.set > a.set
  LEFT JOIN common c ON c.first = a.set AND c.second = b.set
  ORDER BY 1, 2`;

/**
 * How many listeners some sets have, and how many each two of the same level have in common. Below the lower of their
 * thresholds both are whole, so there the ids that are in both are counted, and from them the rest is estimated.
 *
 * @param sets in all of a level a listener has the same id
 */
export async function audienceOverlaps(
  sql: Sql,
  tenantId: TenantId,
  sets: readonly AudienceSet[],
): Promise<AudienceOverlaps> {
  const [row] = await sql<{ unions: UnionRow[]; pairs: PairRow[] }>(
    `WITH ${MERGED_SETS}, levels AS MATERIALIZED (
       SELECT DISTINCT s.set, s.evidence, t.threshold FROM stretches s LEFT JOIN thresholds t ON t.set = s.set
     ), common AS MATERIALIZED (
       SELECT a.set AS first, b.set AS second, count(*)::integer AS kept
       FROM members a JOIN members b ON b.hash = a.hash AND b.set > a.set
       JOIN levels la ON la.set = a.set JOIN levels lb ON lb.set = b.set AND lb.evidence = la.evidence
       WHERE (la.threshold IS NULL OR a.hash < la.threshold) AND (lb.threshold IS NULL OR a.hash < lb.threshold)
       GROUP BY 1, 2
     )
     SELECT (SELECT coalesce(jsonb_agg(u), '[]') FROM (${UNIONS}) u) AS unions,
            (SELECT coalesce(jsonb_agg(p), '[]') FROM (${PAIRS}) p) AS pairs`,
    setParams(tenantId, sets, NO_FILTER),
  );
  const common = (row?.pairs ?? []).map(({ first, second, kept, threshold }) => ({
    first,
    second,
    size: estimateAudience({ kept, share: shareBelow(threshold) }),
  }));
  return { unions: unionsOf(sets, row?.unions ?? []), common };
}
