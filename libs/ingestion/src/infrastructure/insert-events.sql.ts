import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { PAYLOAD_HASH_VERSION } from '../domain/hash-payload.js';
import type { StorableEvent } from '../domain/storable-event.js';

/** An event's identity within its tenant: id and instant. */
export interface Identity {
  eventId: string;
  occurredAt: string;
}

/**
 * Stores the events that are new and marks the 5-minute slices they fall into, in one statement: all for their rollups,
 * and those with requests for files to be counted. Requests of no episode leave a mark too: one with their file may have
 * become known since their writer looked.
 *
 * Rows go in by identity order, as every writer's do, so that two overlapping batches cannot wait for each other in a
 * circle. `ON CONFLICT DO NOTHING` makes a repeat harmless; marks are appended for new rows only, and never merged.
 *
 * @param events each identity once
 * @returns those of `events` that were new. The server names them only when not all were, which is rare: naming
 *   thousands costs both sides
 */
export async function insertEvents(
  sql: Sql,
  tenantId: TenantId,
  events: readonly StorableEvent[],
  receivedAt: Date,
): Promise<readonly StorableEvent[]> {
  const plain = (pick: (event: StorableEvent) => Plain) => arrayLiteral(events, pick);
  const texts = (pick: (event: StorableEvent) => string | null) =>
    events.every((event) => pick(event) === null) ? null : events.map(pick);
  const [row] = await sql<{ fresh: string[] | null }>(INSERT_EVENTS, [
    tenantId,
    plain((e) => e.eventId),
    plain((e) => e.occurredAt),
    plain((e) => e.episodeId),
    receivedAt.toISOString(),
    plain((e) => e.payloadHash),
    plain((e) => e.userAgent?.id),
    plain((e) => e.referrer?.id),
    plain((e) => e.ids.audienceA),
    plain((e) => e.ids.audienceB),
    plain((e) => e.ids.countToday),
    plain((e) => e.ids.countYesterday),
    plain((e) => e.ids.addressDay),
    plain((e) => e.bytesSent),
    plain((e) => e.placementId),
    plain((e) => e.positionMs),
    plain((e) => e.status),
    PAYLOAD_HASH_VERSION,
    plain((e) => e.trustedSender),
    plain((e) => e.eventType),
    texts((e) => e.method),
    texts((e) => e.byteRange),
    texts((e) => e.sessionId),
    texts((e) => e.eventData),
    events.length,
    plain((e) => e.path?.id),
    plain((e) => e.importId),
    plain((e) => e.segment),
    plain((e) => e.segmentMs),
    plain((e) => e.servedRange?.from),
    plain((e) => e.servedRange?.to),
    plain((e) => e.network?.id),
    plain((e) => e.ids.net),
  ]);
  if (!row?.fresh) return events;
  const fresh = new Set(row.fresh);
  return events.filter((event) => fresh.has(identityKey(event)));
}

/** Names an identity within one tenant and one transaction, in the form that `insertEvents` and `storedHashes` return. */
export function identityKey({ eventId, occurredAt }: Identity): string {
  return `${eventId}@${occurredAt}`;
}

/** {@link identityKey} in SQL. */
export const KEY = `event_id || '@' || to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Values whose text needs no quoting in an array: UUIDs, times, numbers, truth values, names of plain letters. */
type Plain = string | number | bigint | boolean | null | undefined;

/**
 * PostgreSQL's text of an array. The driver looks for what to quote in every element, which costs twice as much. Null when
 * no event has a value, as for most columns that only logs fill: `unnest` gives NULL for every row of a list that is missing.
 */
function arrayLiteral(
  events: readonly StorableEvent[],
  pick: (event: StorableEvent) => Plain,
): string | null {
  if (events.every((event) => (pick(event) ?? null) === null)) return null;
  return `{${events.map((event) => pick(event) ?? 'NULL').join(',')}}`;
}

const INSERT_EVENTS = `
  WITH new_events AS (
    INSERT INTO listener_events (
      tenant_id, event_id, occurred_at, episode_id, received_at, payload_hash, user_agent_id, referrer_id, audience_a,
      audience_b, count_id_today, count_id_yesterday, address_day_id, bytes_sent, placement_id, position_ms, status,
      payload_hash_version, trusted_sender, event_type, method, byte_range, session_id, event_data, path_id, import_id,
      segment, segment_ms, served_range, network_id, net_id)
    SELECT $1::uuid, e.event_id, e.occurred_at, e.episode_id, $5::timestamptz, e.payload_hash, e.user_agent_id, e.referrer_id,
           e.audience_a, e.audience_b, e.count_id_today, e.count_id_yesterday, e.address_day_id, e.bytes_sent, e.placement_id,
           e.position_ms, e.status, $18::smallint, e.trusted_sender, e.event_type, e.method, e.byte_range, e.session_id,
           e.event_data, e.path_id, e.import_id, e.segment, e.segment_ms,
           CASE WHEN e.served_from IS NOT NULL THEN int8range(e.served_from, e.served_to) END, e.network_id, e.net_id
    FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
                $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::uuid[], $16::integer[],
                $17::smallint[], $19::boolean[], $20::text[], $21::text[], $22::text[], $23::text[], $24::jsonb[],
                $26::bigint[], $27::uuid[], $28::integer[], $29::integer[], $30::bigint[], $31::bigint[], $32::bigint[],
                $33::bigint[])
      AS e (event_id, occurred_at, episode_id, payload_hash, user_agent_id, referrer_id, audience_a, audience_b,
            count_id_today, count_id_yesterday, address_day_id, bytes_sent, placement_id, position_ms, status,
            trusted_sender, event_type, method, byte_range, session_id, event_data, path_id, import_id, segment,
            segment_ms, served_from, served_to, network_id, net_id)
    ORDER BY e.occurred_at, e.event_id
    ON CONFLICT DO NOTHING
    RETURNING event_id, occurred_at, event_type, path_id
  ), marks AS (
    INSERT INTO dirty_buckets (tenant_id, kind, bucket)
    SELECT DISTINCT $1::uuid, kind, date_bin('5 minutes', occurred_at, 'epoch')
    FROM new_events CROSS JOIN (VALUES ('slice'), ('count')) AS k (kind)
    WHERE kind = 'slice' OR event_type = 'download_request'
    UNION ALL
    SELECT $1::uuid, 'locate', 'epoch' WHERE EXISTS (SELECT FROM new_events WHERE path_id IS NOT NULL)
  )
  SELECT CASE WHEN count(*) < $25 THEN coalesce(array_agg(${KEY}), '{}') END AS fresh FROM new_events`;

/** The payload hashes stored under these identities, by `identityKey`. Identities that are not stored are left out. */
export async function storedHashes(
  sql: Sql,
  tenantId: TenantId,
  identities: readonly Identity[],
): Promise<Map<string, bigint>> {
  const rows = await sql<{ key: string; hash: string }>(
    `SELECT ${KEY} AS key, e.payload_hash AS hash
     FROM listener_events e
     JOIN unnest($2::uuid[], $3::timestamptz[]) AS i (event_id, occurred_at) USING (event_id, occurred_at)
     WHERE e.tenant_id = $1`,
    [tenantId, identities.map((i) => i.eventId), identities.map((i) => i.occurredAt)],
  );
  return new Map(rows.map((row) => [row.key, BigInt(row.hash)]));
}
