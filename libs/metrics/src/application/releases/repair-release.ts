import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { lastStartGone } from '../../domain/releases/release-kept.js';
import { anyRelease } from '../../infrastructure/releases/any-release.sql.js';
import { curvesWaitSince } from '../../infrastructure/releases/curves-as-of.sql.js';
import { rebuildCells } from '../../infrastructure/releases/rebuild-cells.sql.js';
import { cellsOfEpisodes } from '../../infrastructure/releases/release-cells.sql.js';
import { repairReleaseTotals } from '../../infrastructure/releases/repair-release-totals.sql.js';
import { keptRollups } from '../../infrastructure/retention/kept-rollups.sql.js';

/** What was found of a release: rows of the curve against rollups, downloads of its totals against the curve. */
export interface ReleaseDrift {
  readonly episodeId: string;
  readonly cells: number;
  readonly totals: number;
}

/**
 * Makes the curve of an episode say what rollups say, and its totals what the curve says. Cells may rightly be behind while
 * marks wait: that is no fault. Call it under the tenant's lock of stage `release`.
 *
 * @param from the episode, or any id: then the next one is taken
 * @returns what was wrong; undefined when no episode has a curve
 */
export async function repairRelease(
  sql: Sql,
  tenantId: TenantId,
  from: string,
): Promise<ReleaseDrift | undefined> {
  const gone = lastStartGone((await keptRollups(sql, tenantId)).day);
  const episodeId = await anyRelease(sql, tenantId, from, gone === null ? null : new Date(gone));
  if (episodeId === undefined) return undefined;
  const written = await rebuildCells(sql, tenantId, await cellsOfEpisodes(sql, tenantId, [episodeId]));
  // Asked afterwards: rollups that changed meanwhile, and were read, have left their mark.
  const cells = (await curvesWaitSince(sql, tenantId)) === null ? written : 0;
  return { episodeId, cells, totals: await repairReleaseTotals(sql, tenantId, episodeId) };
}
