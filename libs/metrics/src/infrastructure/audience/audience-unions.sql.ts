import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import {
  estimateAudience,
  exactAudience,
  shareBelow,
  type AudienceSize,
} from '../../domain/audience/estimate-audience.js';
import { MERGED_SETS, setParams, type AudienceFilter, type AudienceSet } from './audience-sets.js';

/** The listeners of a set, and the downloads of which nobody knows whose they were. */
export interface AudienceUnion {
  readonly size: AudienceSize;
  readonly unidentified: number;
}

/** A row of `UNIONS`. */
export interface UnionRow {
  set: number;
  kept: number;
  threshold: string | null;
  unidentified: string;
  /** The listeners of the only sketch, where nothing else was read. */
  counted: string | null;
}

/** SQL for what is known of each set, over the relations of `MERGED_SETS`. */
export const UNIONS = `
  SELECT s.set, coalesce(m.kept, 0) AS kept, t.threshold::text AS threshold,
         (coalesce(k.unidentified, 0) + coalesce(r.unidentified, 0))::bigint::text AS unidentified,
         CASE WHEN k.sketches = 1 AND r.downloads IS NULL THEN k.listeners::text END AS counted
  FROM (SELECT DISTINCT set FROM stretches) s
  LEFT JOIN thresholds t ON t.set = s.set
  LEFT JOIN (SELECT set, count(*)::integer AS kept FROM members GROUP BY set) m ON m.set = s.set
  LEFT JOIN (SELECT set, count(*) AS sketches, sum(unidentified) AS unidentified, max(listeners) AS listeners
             FROM sketches GROUP BY set) k ON k.set = s.set
  LEFT JOIN (SELECT set, count(*) AS downloads, count(*) FILTER (WHERE hash IS NULL) AS unidentified
             FROM row_members GROUP BY set) r ON r.set = s.set`;

/**
 * How many listeners each set has: merged from sketches, and from downloads where a range begins or ends within a UTC day.
 * A set that is one sketch was counted when that was made.
 */
export async function audienceUnions(
  sql: Sql,
  tenantId: TenantId,
  sets: readonly AudienceSet[],
  filter: AudienceFilter,
): Promise<ReadonlyMap<AudienceSet, AudienceUnion>> {
  const rows = await sql<UnionRow>(`WITH ${MERGED_SETS} ${UNIONS}`, setParams(tenantId, sets, filter));
  return unionsOf(sets, rows);
}

/** Reads rows of `UNIONS`. */
export function unionsOf(
  sets: readonly AudienceSet[],
  rows: readonly UnionRow[],
): ReadonlyMap<AudienceSet, AudienceUnion> {
  const unions = new Map(rows.map((row) => [row.set, unionOf(row)]));
  return new Map(sets.map((set, n) => [set, unions.get(n) ?? NOBODY]));
}

const NOBODY: AudienceUnion = { size: exactAudience(0), unidentified: 0 };

function unionOf({ kept, threshold, unidentified, counted }: UnionRow): AudienceUnion {
  const size =
    counted === null
      ? estimateAudience({ kept, share: shareBelow(threshold) })
      : exactAudience(Number(counted));
  return { size, unidentified: Number(unidentified) };
}
