import type { Sql } from '@lib/database';
import { HOUR_MS, SLICE_MS, type TenantId } from '@lib/primitives';
import { followListening } from './refresh-listening.js';
import { rebuildListenTime } from '../../infrastructure/listening/rebuild-listen-time.sql.js';
import { rebuildListening } from '../../infrastructure/listening/rebuild-listening.sql.js';
import { repairPositions } from '../../infrastructure/listening/repair-positions.sql.js';
import { slicesWaiting } from '../../infrastructure/listening/slices-waiting.sql.js';

/**
 * Reads one UTC hour of listening again and makes its slices, the hour, its day and its month right, and the listen time of
 * its slices. Slices of an hour with marks that wait, in it or right before, may rightly be behind: that is no fault. Call
 * it under the day's lock.
 *
 * @param hour the hour, the `day` it is in, and the `width` of the day's slices in milliseconds
 * @returns by how much they were wrong, in milliseconds heard, starts and ads, and in rows of listen time; 0 as it must be
 */
export async function repairListening(
  sql: Sql,
  tenantId: TenantId,
  { hour, day, width }: { hour: Date; day: Date; width: number },
): Promise<number> {
  const slices = Array.from({ length: HOUR_MS / width }, (_, n) => new Date(hour.getTime() + n * width));
  const [before, end] = [new Date(hour.getTime() - SLICE_MS), new Date(hour.getTime() + HOUR_MS)];
  const changes = await rebuildListening(sql, tenantId, slices, width);
  // Asked afterwards: an event that came in meanwhile, and was read, has left its mark. Whoever works that off finds nothing
  // to change any more, so what follows from it is done here.
  const waiting = await slicesWaiting(sql, tenantId, before, end);
  if (waiting) await followListening(sql, tenantId, day, changes);
  let difference = waiting ? 0 : changes.reduce((sum, change) => sum + change.difference, 0);
  difference += await repairPositions(sql, tenantId, 'hour', hour);
  difference += await repairPositions(sql, tenantId, 'day', day);
  difference += await repairPositions(sql, tenantId, 'month', day);
  return difference + (await rebuildListenTime(sql, tenantId, slices));
}
