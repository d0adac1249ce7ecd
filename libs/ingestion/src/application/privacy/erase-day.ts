import { setTimeout } from 'node:timers/promises';
import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, SLICE_MS, utcDate, type TenantId } from '@lib/primitives';
import { appendMarks, keepMark, tryLockDay } from '@lib/time-series';
import type { Found } from '../../domain/privacy/privacy-request.js';
import { daysOf } from '../days-of.js';
import { slicesOfReturning } from '../../infrastructure/day-requests.sql.js';
import {
  removeListenerCarry,
  removeListenerDownloads,
  scrubQuarantines,
} from '../../infrastructure/scrub-downloads.sql.js';
import {
  scrubEvents,
  slicesOfAddresses,
  type ListenerRows,
  type ScrubbedEvents,
} from '../../infrastructure/scrub-events.sql.js';

const LOCK_TRIES = 40;
const LOCK_PAUSE_MS = 50;

/**
 * Erases a listener from one UTC day, in the open transaction: scrubs the requests, removes what was counted from them,
 * and marks every slice whose numbers follow from either, and the days whose audience the listener was among.
 *
 * The locks of counting are held meanwhile, of the day and of the next, whose windows begin with those of this one: a
 * counter that had read the requests before would store the listener's downloads afterwards.
 *
 * @returns what was found, or null when a counter is at work: nothing is changed then
 */
export async function eraseDay(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  listener: ListenerRows,
): Promise<Found | null> {
  const nextDay = new Date(day.getTime() + DAY_MS);
  if (!(await lockDays(sql, tenantId, [day, nextDay]))) return null;
  const scrubbed = await scrubEvents(sql, tenantId, { from: day, to: nextDay }, listener);
  const { rows, addressIds } = scrubbed;
  if (rows === 0) return { rows: {} };
  const ids = [...new Set([...listener.listenerIds, ...scrubbed.listenerIds])];
  const downloads = await removeListenerDownloads(sql, tenantId, utcDate(day), ids);
  const carry = await removeListenerCarry(sql, tenantId, utcDate(day), ids);
  const quarantines = await scrubQuarantines(sql, tenantId, utcDate(day), addressIds);
  const slices = distinctSlices([...scrubbed.slices, ...downloads]);
  await appendMarks(sql, tenantId, 'slice', slices, null);
  await appendMarks(sql, tenantId, 'audience', daysOf(downloads), null);
  if (downloads.length > 0) await keepMark(sql, tenantId, 'detect', day);
  await appendMarks(sql, tenantId, 'count', await slicesToCount(sql, tenantId, day, scrubbed, ids), null);
  return {
    rows: { listener_events: rows, downloads: downloads.length, count_carry: carry, quarantines },
    texts: {
      user_agents: scrubbed.userAgentIds,
      referrers: scrubbed.referrerIds,
      paths: scrubbed.pathIds,
    },
  };
}

/** A counter holds a day for a moment, every second: asked only once, an erasure could wait for long. */
async function lockDays(sql: Sql, tenantId: TenantId, days: readonly Date[]): Promise<boolean> {
  for (const day of days) {
    let tries = LOCK_TRIES;
    while (!(await tryLockDay(sql, tenantId, 'count', utcDate(day)))) {
      if (--tries === 0) return false;
      await setTimeout(LOCK_PAUSE_MS);
    }
  }
  return true;
}

/**
 * The slices to be counted again: those of the scrubbed requests; one of each address that others still ask from, since
 * rules about an address look at all its requests; and those in which the listener comes back on the day after.
 */
async function slicesToCount(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  { slices, addressIds }: ScrubbedEvents,
  listenerIds: readonly string[],
): Promise<Date[]> {
  const nextDay = new Date(day.getTime() + DAY_MS);
  const afterNext = new Date(day.getTime() + 2 * DAY_MS);
  return distinctSlices([
    ...slices,
    ...(await slicesOfAddresses(sql, tenantId, { from: day, to: nextDay }, addressIds)),
    ...(await slicesOfReturning(sql, tenantId, { from: nextDay, to: afterNext }, listenerIds)),
  ]);
}

function distinctSlices(times: readonly Date[]): Date[] {
  return [...new Set(times.map((at) => floorTime(at, SLICE_MS).getTime()))].map((ms) => new Date(ms));
}
