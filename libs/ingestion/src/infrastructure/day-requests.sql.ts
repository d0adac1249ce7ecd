import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { StoredRequest } from '../domain/counted-request.js';

/** Rows that one FETCH brings. */
const FETCH_ROWS = 5_000;

/** Which requests of a UTC day to read. */
export interface DayRequests {
  readonly from: Date;
  readonly to: Date;
  /** Only of these addresses, by their ids of the day; null is all of them, those without an id included. */
  readonly addressIds: readonly string[] | null;
}

/**
 * The requests of a stretch of time, address by address, in portions that hold whole addresses, so that each portion can
 * be counted alone. Memory holds one portion, or one address if that is larger. Keep the transaction open meanwhile; one
 * such reading at a time.
 */
export async function* dayRequests(
  sql: Sql,
  tenantId: TenantId,
  { from, to, addressIds }: DayRequests,
): AsyncGenerator<StoredRequest[]> {
  await sql(`DECLARE day_requests NO SCROLL CURSOR FOR ${DAY_REQUESTS}`, [tenantId, from, to, addressIds]);
  let waiting: StoredRequest[] = [];
  for (;;) {
    const rows = await sql<StoredRequest>(`FETCH ${FETCH_ROWS} FROM day_requests`);
    for (const row of rows) waiting.push(row);
    if (rows.length < FETCH_ROWS) break;
    const last = waiting.at(-1)?.addressId;
    const whole = waiting.findIndex(({ addressId }) => addressId === last);
    if (whole > 0) yield waiting.slice(0, whole);
    waiting = waiting.slice(whole);
  }
  await sql('CLOSE day_requests');
  if (waiting.length > 0) yield waiting;
}

const DAY_REQUESTS = `
  SELECT l.event_id AS "eventId", (extract(epoch FROM l.occurred_at) * 1000)::float8 AS "occurredAtMs",
         l.episode_id AS "episodeId", e.podcast_id AS "podcastId",
         evidence_level(l.event_type, l.trusted_sender, l.bytes_sent) = 'origin_bytes' AS "fromLog",
         l.method, l.status, l.bytes_sent::float8 AS bytes, l.byte_range AS "rangeAsked",
         lower(l.served_range)::float8 AS "servedFrom", upper(l.served_range)::float8 AS "servedTo",
         l.segment, l.segment_ms AS "segmentMs", l.address_day_id AS "addressId", l.count_id_today AS "listenerId",
         l.count_id_yesterday AS "listenerIdYesterday", l.audience_a AS "audienceA", l.audience_b AS "audienceB",
         l.user_agent_id AS "userAgentId", l.payload_hash = 0 AS "isErased", r.value AS referrer, n.class AS "networkClass", n.country,
         n.asn::float8 AS asn, n.address_list AS "addressList"
  FROM listener_events l
  LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
  LEFT JOIN referrers r ON r.tenant_id = $1 AND r.id = l.referrer_id
  LEFT JOIN networks n ON n.tenant_id = $1 AND n.id = l.network_id
  WHERE l.tenant_id = $1 AND l.occurred_at >= $2 AND l.occurred_at < $3 AND l.event_type = 'download_request'
    AND ($4::bigint[] IS NULL OR l.address_day_id = ANY ($4))
  ORDER BY l.address_day_id, l.occurred_at, l.event_id`;

/** The ids of the addresses that asked for files in some 5-minute slices of one UTC day. */
export async function addressesOf(sql: Sql, tenantId: TenantId, slices: readonly Date[]): Promise<string[]> {
  const rows = await sql<{ addressId: string }>(
    `SELECT DISTINCT l.address_day_id AS "addressId"
     FROM unnest($2::timestamptz[]) AS s (bucket)
     CROSS JOIN LATERAL (
       SELECT address_day_id FROM listener_events
       WHERE tenant_id = $1 AND occurred_at >= s.bucket AND occurred_at < s.bucket + interval '5 minutes'
         AND event_type = 'download_request' AND address_day_id IS NOT NULL
     ) l`,
    [tenantId, slices],
  );
  return rows.map(({ addressId }) => addressId);
}

/** The ids of the addresses that asked for the files of some episodes in a stretch of one UTC day. */
export async function addressesThatAskedFor(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  episodeIds: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ addressId: string }>(
    `SELECT DISTINCT address_day_id AS "addressId" FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND event_type = 'download_request'
       AND episode_id = ANY ($4::uuid[]) AND address_day_id IS NOT NULL`,
    [tenantId, from, to, episodeIds],
  );
  return rows.map(({ addressId }) => addressId);
}

/** The 5-minute slices of a stretch of time in which listeners, known by the key of the day before, asked for files. */
export async function slicesOfReturning(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  listenerIds: readonly string[],
): Promise<Date[]> {
  const rows = await sql<{ slice: Date }>(
    `SELECT DISTINCT date_bin('5 minutes', min(occurred_at), 'epoch') AS slice FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND event_type = 'download_request'
       AND count_id_yesterday = ANY ($4::bigint[])
     GROUP BY count_id_yesterday`,
    [tenantId, from, to, listenerIds],
  );
  return rows.map(({ slice }) => slice);
}
