import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { PLAYER_TYPES } from '../../domain/listening/heard-stretch.js';

/**
 * Marks the first slice of a UTC day, whose listening follows from the last events of the day before, too. Only where it
 * has events of players: a stretch of listening belongs to its later event.
 *
 * @param markedAt when that news was first marked; null is now
 */
export async function markNextDay(
  sql: Sql,
  tenantId: TenantId,
  nextDay: Date,
  markedAt: string | null,
): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT $1, 'slice', $2, coalesce($3::timestamptz, clock_timestamp())
     WHERE EXISTS (SELECT FROM listener_metrics WHERE tenant_id = $1 AND grain = 'slice' AND dimension = 'none' AND bucket = $2
                     AND metric = ANY ($4::text[]))`,
    [tenantId, nextDay, markedAt, PLAYER_TYPES],
  );
}
