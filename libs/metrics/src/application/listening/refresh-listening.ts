import type { Sql } from '@lib/database';
import { DAY_MS, SLICE_MS, type TenantId } from '@lib/primitives';
import { allowLongStatements } from '@lib/time-series';
import { rebuildListenTime } from '../../infrastructure/listening/rebuild-listen-time.sql.js';
import {
  rebuildListening,
  type ListeningChange,
} from '../../infrastructure/listening/rebuild-listening.sql.js';

/** What has changed in listening, and in the metrics that follow from it. */
export interface RefreshedListening {
  changes: ListeningChange[];
  /** Slices whose listen time was made right. */
  slices: Date[];
  /** Rows of listen time written or removed. */
  written: number;
}

/**
 * Follows changed slices of one UTC day with what was heard in them, and in the slice after each: an event that came in
 * late ends a stretch of its own and begins one that may end there. Call it when their counts are right, and add what it
 * changed to the month once the whole day is done. From then on statements of the transaction may take long: sessions are
 * sorted, which on a very busy day takes longer than a question may.
 *
 * @param day 00:00 UTC
 * @param slices ascending
 */
export async function refreshListening(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  slices: readonly Date[],
): Promise<RefreshedListening> {
  const dayEnd = day.getTime() + DAY_MS;
  const times = slices.flatMap((slice) => [slice.getTime(), slice.getTime() + SLICE_MS]);
  const toHear = [...new Set(times)].filter((time) => time < dayEnd).sort((a, b) => a - b);
  await allowLongStatements(sql);
  const changes = await rebuildListening(
    sql,
    tenantId,
    toHear.map((time) => new Date(time)),
  );
  const heard = changes.filter(({ kind }) => kind === 'heard').flatMap((change) => change.slices);
  const heardSlices = [...new Set(heard.map((slice) => slice.getTime()))].map((time) => new Date(time));
  return { changes, slices: heardSlices, written: await rebuildListenTime(sql, tenantId, heardSlices) };
}
