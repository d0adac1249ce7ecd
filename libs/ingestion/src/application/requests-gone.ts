import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, utcDate, type TenantId } from '@lib/primitives';
import { rawHorizon } from '@lib/time-series';
import { dayHorizon } from '../infrastructure/download-retention/day-horizon.sql.js';
import type { ExplainScope } from '../infrastructure/explain.sql.js';
import { shownTotals, type ShownTotal } from '../infrastructure/shown-totals.sql.js';

/** What is known of a range of which requests were removed. */
export interface RequestsGone {
  /** From when on requests are kept. */
  readonly requestsFrom: Date;
  /** What metrics show for the range; null for parts of UTC days, and where counts by day are gone too. */
  readonly shown: readonly ShownTotal[] | null;
}

/**
 * Says what is left of a range that begins before the first request that is kept; null where all of them are.
 *
 * @param leadInDays days before the range whose requests it takes to count it
 */
export async function requestsGone(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  scope: ExplainScope,
  leadInDays: number,
): Promise<RequestsGone | null> {
  const requestsFrom = await rawHorizon(sql, tenantId);
  const first = floorTime(from, DAY_MS);
  if (requestsFrom === null || first.getTime() - leadInDays * DAY_MS >= requestsFrom.getTime()) return null;
  const daysFrom = await dayHorizon(sql, tenantId);
  const isOfDays = [from, to].every((at) => at.getTime() % DAY_MS === 0);
  if (!isOfDays || (daysFrom !== null && from < daysFrom)) return { requestsFrom, shown: null };
  const days = { firstDay: utcDate(from), lastDay: utcDate(new Date(to.getTime() - DAY_MS)) };
  return { requestsFrom, shown: await shownTotals(sql, tenantId, days, scope) };
}
