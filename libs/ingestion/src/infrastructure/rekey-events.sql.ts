import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { StorableEvent } from '../domain/storable-event.js';
import { KEY } from './insert-events.sql.js';

/**
 * Takes the listeners away from imported requests in `[from, to)`, so that nothing of them counts until they come in
 * again under other keys. The user agents stay: they tell such rows from those whose listener was erased.
 */
export async function unkeyEvents(sql: Sql, tenantId: TenantId, from: Date, to: Date): Promise<void> {
  await sql(
    `UPDATE listener_events SET address_day_id = NULL, count_id_today = NULL, count_id_yesterday = NULL,
            audience_a = NULL, audience_b = NULL, net_id = NULL
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND import_id IS NOT NULL
       AND (address_day_id IS NOT NULL OR audience_a IS NOT NULL OR audience_b IS NOT NULL)`,
    [tenantId, from, to],
  );
}

/**
 * Gives imported requests whose listeners were taken away their listeners under other keys, with what is
 * known of their networks now, and marks their slices. Rows
 * whose listener was erased have no user agent any more and stay as they are.
 * @param events each identity once
 * @returns the identity keys of the rows that were changed
 */
export async function rekeyEvents(
  sql: Sql,
  tenantId: TenantId,
  events: readonly StorableEvent[],
): Promise<ReadonlySet<string>> {
  const rows = await sql<{ key: string }>(
    `WITH rekeyed AS (
       UPDATE listener_events e SET address_day_id = n.address_day_id, count_id_today = n.count_id_today,
              count_id_yesterday = n.count_id_yesterday, audience_a = n.audience_a, audience_b = n.audience_b,
              net_id = n.net_id, network_id = n.network_id
       FROM unnest($2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
                   $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
         AS n (event_id, occurred_at, payload_hash, user_agent_id, address_day_id, count_id_today, count_id_yesterday,
               audience_a, audience_b, network_id, net_id)
       WHERE e.tenant_id = $1 AND e.event_id = n.event_id AND e.occurred_at = n.occurred_at
         AND e.payload_hash = n.payload_hash AND e.user_agent_id = n.user_agent_id AND e.import_id IS NOT NULL
         AND e.address_day_id IS NULL AND e.audience_a IS NULL AND e.audience_b IS NULL
       RETURNING e.event_id, e.occurred_at
     ), marks AS (
       INSERT INTO dirty_buckets (tenant_id, kind, bucket)
       SELECT DISTINCT $1::uuid, kind, date_bin('5 minutes', occurred_at, 'epoch')
       FROM rekeyed CROSS JOIN (VALUES ('slice'), ('count')) AS k (kind)
     )
     SELECT ${KEY} AS key FROM rekeyed`,
    [
      tenantId,
      events.map((event) => event.eventId),
      events.map((event) => event.occurredAt),
      events.map((event) => event.payloadHash),
      events.map((event) => event.userAgent?.id ?? null),
      events.map((event) => event.ids.addressDay),
      events.map((event) => event.ids.countToday),
      events.map((event) => event.ids.countYesterday),
      events.map((event) => event.ids.audienceA),
      events.map((event) => event.ids.audienceB),
      events.map((event) => event.network?.id ?? null),
      events.map((event) => event.ids.net),
    ],
  );
  return new Set(rows.map(({ key }) => key));
}
