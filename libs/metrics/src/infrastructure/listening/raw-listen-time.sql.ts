import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { MAX_GAP_MS } from '../../domain/listening/heard-stretch.js';
import { COUNT_LISTENING } from './count-listening.js';

/**
 * Milliseconds of content heard in `[from, to)`, of one podcast or one episode where given, straight from raw events and
 * in one go. Reads every event of the range and of the 5 minutes before: for checking, never for charts.
 */
export async function rawListenTime(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  { podcastId, episodeId }: { podcastId: string | null; episodeId: string | null },
): Promise<number> {
  const rows = await sql<{ value: string }>(
    `WITH touched AS (SELECT $2::timestamptz AS bucket, $4::timestamptz AS bucket_end
     ), counted AS MATERIALIZED (${COUNT_LISTENING})
     SELECT coalesce(sum(c.amount), 0) AS value
     FROM counted c JOIN episodes e ON e.tenant_id = $1 AND e.id = c.episode_id
     WHERE c.kind = 'heard' AND ($5::uuid IS NULL OR e.podcast_id = $5) AND ($6::uuid IS NULL OR e.id = $6)`,
    [tenantId, from, new Date(from.getTime() - MAX_GAP_MS), to, podcastId, episodeId],
  );
  return Number(rows[0]?.value ?? 0);
}
