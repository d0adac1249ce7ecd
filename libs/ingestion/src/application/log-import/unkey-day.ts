import { tenantContext, type RolePool } from '@lib/database';
import { DAY_MS, HOUR_MS, type TenantId } from '@lib/primitives';
import { appendDayMarks } from '@lib/time-series';
import { unkeyEvents } from '../../infrastructure/rekey-events.sql.js';

/**
 * Takes the listeners away from all imported requests of a UTC day, an hour a transaction, and then marks the whole day:
 * only a count of all its slices also finds the downloads of listeners who are gone.
 */
export async function unkeyDay(pool: RolePool, tenantId: TenantId, day: Date): Promise<void> {
  const context = tenantContext(tenantId);
  const start = day.getTime();
  for (let at = start; at < start + DAY_MS; at += HOUR_MS)
    await pool.transaction(
      (sql) => unkeyEvents(sql, tenantId, new Date(at), new Date(at + HOUR_MS)),
      context,
    );
  await pool.transaction((sql) => appendDayMarks(sql, tenantId, ['count', 'slice'], [day]), context);
}
