import type { Client } from 'pg';
import { isDeepStrictEqual } from 'node:util';
import type { Acknowledgement } from './ledger.js';
import { eventKey, type DrillTenant, type SentEvent } from './sent-event.js';
import type { Violations } from './violations.js';

interface StoredRow {
  eventId: string;
  at: string;
  type: string;
  episodeId: string;
  sessionId: string | null;
  positionMs: number | null;
  bytes: string | null;
  status: number | null;
  range: string | null;
  method: string | null;
  trusted: boolean;
  data: Record<string, unknown> | null;
}

/** What the database holds, against what was sent and what was acknowledged. Returns how many rows there are. */
export async function checkStored(
  client: Client,
  tenants: readonly DrillTenant[],
  sent: ReadonlyMap<string, SentEvent>,
  acknowledged: readonly Acknowledgement[],
  violations: Violations,
): Promise<number> {
  const stored = new Map<string, number>();
  for (const tenant of tenants) {
    for (const row of await storedRows(client, tenant.tenantId)) {
      const key = eventKey(tenant.tenantId, row.eventId, Number(row.at));
      stored.set(key, (stored.get(key) ?? 0) + 1);
      checkRow(tenant, row, sent.get(key), violations);
    }
  }
  for (const [key, count] of stored)
    if (count > 1) violations.add('I2', `${key} is stored ${count} times`, count - 1);
  const missing = new Set(
    acknowledged
      .map(({ tenantId, eventId, at }) => eventKey(tenantId, eventId, at))
      .filter((key) => !stored.has(key)),
  );
  for (const key of missing) violations.add('I1', `${key} was acknowledged and is gone`);
  await checkNoStrangers(client, tenants, violations);
  return [...stored.values()].reduce((sum, count) => sum + count, 0);
}

function checkRow(
  tenant: DrillTenant,
  row: StoredRow,
  event: SentEvent | undefined,
  violations: Violations,
): void {
  const ownCanary =
    row.sessionId?.startsWith(`${tenant.canary}-`) === true && row.data?.['canary'] === tenant.canary;
  if (!ownCanary || !tenant.episodeIds.includes(row.episodeId)) {
    violations.add('I5', `${row.eventId} of ${tenant.canary} holds ${row.sessionId ?? 'nothing'}`);
  }
  if (event === undefined) {
    violations.add('I3', `${tenant.tenantId} ${row.eventId} was never sent as a valid event`);
    return;
  }
  const { body, trusted } = event;
  const expected: Omit<StoredRow, 'eventId' | 'at'> = {
    type: body.type,
    episodeId: body.episodeId,
    sessionId: body.sessionId,
    positionMs: body.positionMs ?? null,
    bytes: body.request?.bytes === undefined ? null : String(body.request.bytes),
    status: body.request?.status ?? null,
    range: body.request?.range ?? null,
    method: body.request?.method ?? null,
    trusted,
    data: body.data,
  };
  const { eventId, at: _, ...found } = row;
  if (isDeepStrictEqual(found, expected)) return;
  violations.add(
    'I3',
    `${eventId} was sent as ${JSON.stringify(expected)} and is stored as ${JSON.stringify(found)}`,
  );
}

async function storedRows(client: Client, tenantId: string): Promise<StoredRow[]> {
  const { rows } = await client.query<StoredRow>(
    `SELECT event_id AS "eventId", (extract(epoch FROM occurred_at) * 1000)::bigint AS at, event_type AS type,
            episode_id AS "episodeId", session_id AS "sessionId", position_ms AS "positionMs", bytes_sent AS bytes,
            status, byte_range AS range, method, trusted_sender AS trusted, event_data AS data
     FROM listener_events WHERE tenant_id = $1`,
    [tenantId],
  );
  return rows;
}

async function checkNoStrangers(
  client: Client,
  tenants: readonly DrillTenant[],
  violations: Violations,
): Promise<void> {
  for (const table of [
    'listener_events',
    'listener_metrics',
    'listener_totals',
    'dimension_counts',
    'listening_positions',
    'metrics_daily',
    'dirty_buckets',
  ]) {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM ${table} WHERE tenant_id <> ALL ($1::uuid[])`,
      [tenants.map(({ tenantId }) => tenantId)],
    );
    const count = rows[0]?.count ?? 0;
    if (count > 0) violations.add('I5', `${count} rows of ${table} belong to no tenant of the drill`, count);
  }
}
