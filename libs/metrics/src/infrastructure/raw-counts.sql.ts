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
    `SELECT l.event_type AS metric, evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) AS evidence,
            count(*) AS value
     FROM listener_events l JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
     WHERE l.tenant_id = $1 AND l.occurred_at >= $2 AND l.occurred_at < $3
       AND ($4::uuid IS NULL OR e.podcast_id = $4) AND ($5::uuid IS NULL OR e.id = $5)
     GROUP BY 1, 2`,
    [tenantId, range.from, range.to, scope.podcastId, scope.episodeId],
  );
  return rows.map((row) => ({ ...row, value: Number(row.value) }));
}
