import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../domain/counting/download-request.js';
import type { LocalDays } from '../domain/reconciliation/local-days.js';

/** How many downloads an episode had on a day of some time zone, at one level of evidence. */
export interface LocalDownloads {
  readonly day: string;
  readonly podcastId: string;
  readonly episodeId: string;
  readonly evidence: RequestEvidence;
  readonly downloads: number;
}

/**
 * The downloads that are shown of some podcasts, by the local day of their first piece, at most `limit` rows: those of the
 * rule set under which the UTC day that owns them is shown.
 */
export async function localDownloads(
  sql: Sql,
  tenantId: TenantId,
  { days, starts, end }: LocalDays,
  podcastIds: readonly string[],
  limit: number,
): Promise<LocalDownloads[]> {
  const rows = await sql<Omit<LocalDownloads, 'day'> & { place: number }>(
    `SELECT width_bucket(d.occurred_at, $3::timestamptz[]) - 1 AS place, d.podcast_id AS "podcastId",
            d.episode_id AS "episodeId", d.evidence, count(*)::float8 AS downloads
     FROM downloads d
     JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
     WHERE d.tenant_id = $1 AND d.occurred_at >= $2 AND d.occurred_at < $4 AND d.podcast_id = ANY ($5::uuid[])
     GROUP BY 1, 2, 3, 4 LIMIT $6`,
    [tenantId, starts[0], starts, end, podcastIds, limit],
  );
  return rows.map(({ place, ...row }) => ({ ...row, day: days[place] ?? '' }));
}
