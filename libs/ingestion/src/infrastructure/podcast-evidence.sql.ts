import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { PodcastEvidence } from '../domain/methodology/methodology-input.js';

/**
 * The levels of evidence that there were of each podcast on some UTC days, both included, in the order of titles. Of
 * archived podcasts only those that there were any of.
 */
export function podcastEvidence(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<PodcastEvidence[]> {
  return sql<PodcastEvidence>(
    `SELECT p.title, coalesce(m.evidence, '{}') AS evidence
     FROM podcasts p
     LEFT JOIN (
       SELECT podcast_id, array_agg(DISTINCT evidence) AS evidence FROM metrics_daily
       WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 AND value > 0 GROUP BY 1
     ) m ON m.podcast_id = p.id
     WHERE p.tenant_id = $1 AND (p.archived_at IS NULL OR m.podcast_id IS NOT NULL)
     ORDER BY p.title, p.id`,
    [tenantId, firstDay, lastDay],
  );
}
