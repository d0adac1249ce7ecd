import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { rebuildListenTime } from '../../infrastructure/listening/rebuild-listen-time.sql.js';
import {
  rebuildListening,
  type ListeningChange,
} from '../../infrastructure/listening/rebuild-listening.sql.js';

/** Of an hour. */
const SLICES_AT_ONCE = 12;

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
 * changed to the month once the whole day is done.
 *
 * @param day 00:00 UTC
 * @param slices ascending
 * @param width of the day's slices, in milliseconds
 */
export async function refreshListening(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  slices: readonly Date[],
  width: number,
): Promise<RefreshedListening> {
  const dayEnd = day.getTime() + DAY_MS;
  const times = slices.flatMap((slice) => [slice.getTime(), slice.getTime() + width]);
  const toHear = [...new Set(times)].filter((time) => time < dayEnd).sort((a, b) => a - b);
  const changes: ListeningChange[] = [];
  // Sessions take longer to read than counts do: a quarter of a very busy day could exceed the statement timeout.
  for (let first = 0; first < toHear.length; first += SLICES_AT_ONCE) {
    const some = toHear.slice(first, first + SLICES_AT_ONCE).map((time) => new Date(time));
    changes.push(...(await rebuildListening(sql, tenantId, some, width)));
  }
  const heard = changes.filter(({ kind }) => kind === 'heard').flatMap((change) => change.slices);
  const heardSlices = [...new Set(heard.map((slice) => slice.getTime()))].map((time) => new Date(time));
  return { changes, slices: heardSlices, written: await rebuildListenTime(sql, tenantId, heardSlices) };
}
