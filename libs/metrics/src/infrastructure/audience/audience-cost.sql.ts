import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { coverAtLeast } from '../../domain/cover-with-grains.js';
import { eventSeries } from '../event-series.sql.js';
import { keptRollups } from '../retention/kept-rollups.sql.js';
import {
  ASKED_SKETCHES,
  idsToRead,
  setParams,
  type AudienceFilter,
  type AudienceSet,
} from './audience-sets.js';
import type { CountedRange } from '../../domain/read-range.js';
import { SKETCH_SIZE } from './rebuild-audience.sql.js';

/** About how many ids of sketches the merging of some sets takes: what lies below their thresholds. */
export async function idsOfSketches(
  sql: Sql,
  tenantId: TenantId,
  sets: readonly AudienceSet[],
  filter: AudienceFilter,
): Promise<number> {
  const rows = await sql<{ ids: number | null }>(
    `WITH ${ASKED_SKETCHES}
     SELECT sum(${idsToRead('$14')}) AS ids
     FROM sketches k JOIN thresholds t ON t.set = k.set
     -- Names the filter's parameters, which every statement about sets has: with a filter no sketch is read.
     WHERE $11::text[] IS NULL AND $12::text[] IS NULL AND $13::text[] IS NULL`,
    [...setParams(tenantId, sets, filter), SKETCH_SIZE],
  );
  return rows[0]?.ids ?? 0;
}

/**
 * How many downloads the network had in some ranges, and where rollups are gone around them, at most. Where ranges overlap
 * they count again.
 */
export async function downloadsIn(
  sql: Sql,
  tenantId: TenantId,
  ranges: readonly CountedRange[],
): Promise<number> {
  if (ranges.length === 0) return 0;
  const kept = await keptRollups(sql, tenantId);
  const stretches = ranges.flatMap(({ from, to }) => coverAtLeast(from, to, kept));
  const first = Math.min(...stretches.map(({ from }) => from));
  const series = await eventSeries(sql, tenantId, [first], stretches, {
    podcastId: null,
    episodeId: null,
    metrics: ['downloads'],
    evidence: null,
  });
  return series.reduce((sum, { values }) => sum + values.reduce((all, value) => all + value, 0), 0);
}
