import type { TenantDb } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { rawHorizon } from '@lib/time-series';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import {
  listenerDownloads,
  listenerEvents,
  listenerWindows,
} from '../../infrastructure/listener-rows.sql.js';

/** What is stored of a listener on one UTC day. */
export interface ListenerDay {
  readonly day: string;
  readonly events: readonly object[];
  /** Of each rule set that the day was counted under. */
  readonly downloads: readonly object[];
  readonly openWindows: readonly object[];
}

/**
 * Writes everything that is stored of a listener as one JSON object, day by day: memory holds one day. Reads what is
 * stored now: nothing of it is kept for the export, and what was erased since is not in it.
 */
export async function* exportListener(
  db: TenantDb,
  tenantId: TenantId,
  request: PrivacyRequest,
): AsyncGenerator<string> {
  const { id, requestedAt, report, listenerIds } = request;
  const older = await db.run(tenantId, () => downloadsWithoutRequests(db, listenerIds), { readOnly: true });
  const head = { requestId: id, requestedAt, foundFrom: report.foundFrom, downloadsWithoutRequests: older };
  yield `${JSON.stringify(head).slice(0, -1)},"days":[`;
  let separator = '';
  for (const day of [...report.days].sort()) {
    yield (
      separator + JSON.stringify(await db.run(tenantId, () => readDay(db, day, request), { readOnly: true }))
    );
    separator = ',';
  }
  yield ']}';
}

/** What was counted on days whose requests are gone. */
async function downloadsWithoutRequests(db: TenantDb, listenerIds: readonly string[]): Promise<object[]> {
  const { sql, tenantId } = db.current;
  const horizon = await rawHorizon(sql, tenantId);
  if (horizon === null) return [];
  return listenerDownloads(sql, tenantId, { from: null, before: utcDate(horizon) }, listenerIds);
}

async function readDay(
  db: TenantDb,
  day: string,
  { listenerIds, requestedAt }: PrivacyRequest,
): Promise<ListenerDay> {
  const { sql, tenantId } = db.current;
  const from = new Date(`${day}T00:00:00Z`);
  const to = new Date(from.getTime() + DAY_MS);
  const events = await listenerEvents(sql, tenantId, { from, to }, { listenerIds, until: requestedAt });
  return {
    day,
    events,
    downloads: await listenerDownloads(sql, tenantId, { from: day, before: utcDate(to) }, listenerIds),
    openWindows: await listenerWindows(sql, tenantId, day, listenerIds),
  };
}
