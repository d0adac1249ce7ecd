import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Evidence, EventMetric } from '../domain/event-metrics.js';

/** The count of one metric at one evidence level, straight from raw events. */
export interface RawCount {
  metric: EventMetric;
  evidence: Evidence;
  value: number;
}

/**
 * Counts raw events in `[from, to)`, of one podcast or one episode where given. Reads every event of the range: for
 * checking, never for charts. Events whose episode no longer exists count nowhere, as in the rollups.
 */
export async function rawCounts(
  sql: Sql,
  tenantId: TenantId,
  range: { from: Date; to: Date },
  scope: { podcastId: string | null; episodeId: string | null },
): Promise<RawCount[]> {
  const rows = await sql<Omit<RawCount, 'value'> & { value: string }>(
    `WITH counted AS MATERIALIZED (
       SELECT episode_id, event_type, evidence_level(event_type, trusted_sender, bytes_sent) AS evidence,
              count(*) AS value
       FROM listener_events
       WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND ($5::uuid IS NULL OR episode_id = $5)
       GROUP BY 1, 2, 3
     )
     SELECT c.event_type AS metric, c.evidence, sum(c.value) AS value
     FROM counted c JOIN episodes e ON e.tenant_id = $1 AND e.id = c.episode_id
     WHERE $4::uuid IS NULL OR e.podcast_id = $4
     GROUP BY 1, 2`,
    [tenantId, range.from, range.to, scope.podcastId, scope.episodeId],
  );
  return rows.map((row) => ({ ...row, value: Number(row.value) }));
}
