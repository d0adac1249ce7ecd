import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../domain/counting/download-request.js';
import { DOWNLOAD_NUMBERS, scopeParams } from './download-numbers.sql.js';
import type { ExplainScope } from './explain.sql.js';

/** The downloads that metrics show, of one level of evidence and one rule set. */
export interface ShownTotal {
  evidence: RequestEvidence;
  ruleSetId: string;
  downloads: number;
}

/** What is shown for some UTC days, `YYYY-MM-DD`, both included: from rollups where downloads are gone. */
export function shownTotals(
  sql: Sql,
  tenantId: TenantId,
  days: { firstDay: string; lastDay: string },
  { podcastId, episodeId }: ExplainScope,
): Promise<ShownTotal[]> {
  const podcastIds = podcastId === null ? null : [podcastId];
  return sql<ShownTotal>(
    `SELECT evidence, rule_set_id AS "ruleSetId", sum(downloads)::float8 AS downloads
     FROM (${DOWNLOAD_NUMBERS}) numbers
     WHERE $5::uuid IS NULL OR episode_id = $5
     GROUP BY 1, 2 ORDER BY 1, 2`,
    [...scopeParams(tenantId, { ...days, podcastIds }), episodeId],
  );
}
