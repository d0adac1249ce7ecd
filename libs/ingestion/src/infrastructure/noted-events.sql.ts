import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { NotedEvent } from '../domain/methodology/methodology-input.js';

/**
 * What was noted on some UTC days, both included, by day, kind and podcast, the oldest first; the youngest 200 if there
 * are more. Self-audits, which are notes too, are left out: they explain no change.
 * @param auditTopic by which their notes are known
 */
export function notedEvents(
  sql: Sql,
  tenantId: TenantId,
  { firstDay, lastDay }: { firstDay: string; lastDay: string },
  auditTopic: string,
): Promise<NotedEvent[]> {
  return sql<NotedEvent>(
    `SELECT * FROM (
       SELECT (a.happened_at AT TIME ZONE 'UTC')::date::text AS day, a.kind, p.title AS podcast, count(*)::integer AS times
       FROM annotations a LEFT JOIN podcasts p ON p.tenant_id = $1 AND p.id = a.podcast_id
       WHERE a.tenant_id = $1 AND a.happened_at >= $2::date::timestamp AT TIME ZONE 'UTC'
         AND a.happened_at < ($3::date + 1)::timestamp AT TIME ZONE 'UTC'
         AND (a.detail ->> 'topic') IS DISTINCT FROM $4
       GROUP BY 1, 2, a.podcast_id, p.title
       ORDER BY 1 DESC, 2, 3 LIMIT 200) youngest
     ORDER BY day, kind, podcast`,
    [tenantId, firstDay, lastDay, auditTopic],
  );
}
