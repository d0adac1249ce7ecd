import type { Sql } from '@lib/database';
import { HOUR_MS, type TenantId } from '@lib/primitives';
import { DIMENSIONS } from '../../domain/query/dimensions.js';
import { NOT_FROZEN } from '../count-raw.js';
import { LISTENER_METRICS, writeDifference, type AddTo } from '../write-difference.js';
import { COUNT_DIMENSIONS } from './count-dimensions.js';

/**
 * Recounts UTC hours by app, by device and by country from raw events and downloads, and makes their rows say exactly
 * that; what changed is added to their day and month. Rows that are right are not written; frozen hours are left as they
 * are, as in `rebuildSlices`. Call it under the month's lock.
 *
 * Days are added to, not summed from their hours: a day has many times the rows of an hour, and mostly one hour changes.
 *
 * @param hours starts of hours of one UTC day, ascending
 * @returns how many rows were written or removed
 */
export async function rebuildDimensions(
  sql: Sql,
  tenantId: TenantId,
  hours: readonly Date[],
): Promise<number> {
  const [first, last] = [hours[0], hours[hours.length - 1]];
  if (first === undefined || last === undefined) return 0;
  const rows = await sql<{ written: number }>(
    `WITH touched AS MATERIALIZED (
       SELECT bucket, bucket + interval '1 hour' AS bucket_end FROM unnest($5::timestamptz[]) AS t (bucket)
       WHERE ${NOT_FROZEN}
     ), fresh AS MATERIALIZED (${COUNT_DIMENSIONS}
     ), stored AS MATERIALIZED (
       SELECT m.* FROM touched t CROSS JOIN unnest($6::text[]) AS d (kind)
       CROSS JOIN LATERAL (
         SELECT * FROM listener_metrics
         WHERE tenant_id = $1 AND grain = $2 AND dimension = d.kind AND bucket = t.bucket OFFSET 0
       ) m
     ), ${writeDifference(LISTENER_METRICS, DAY_AND_MONTH)}`,
    [tenantId, 'hour', first, new Date(last.getTime() + HOUR_MS), hours, DIMENSIONS],
  );
  return rows[0]?.written ?? 0;
}

/** What changes in hours is added to days and months. */
export const DAY_AND_MONTH: AddTo = { grains: ['day', 'month'], when: '' };
