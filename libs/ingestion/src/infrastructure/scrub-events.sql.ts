import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { withoutNestedLoops } from './without-nested-loops.sql.js';

/** Requests and events of a listener: by their ids, of what happened or came in up to some instant. */
export interface ListenerRows {
  readonly listenerIds: readonly string[];
  readonly until: Date;
}

/** A stretch of time, half-open. */
export interface Stretch {
  readonly from: Date;
  readonly to: Date;
}

/** What the rows of a listener said before they were scrubbed. Ids of 64 bits are texts. */
export interface ScrubbedEvents {
  rows: number;
  /** 5-minute slices with such rows. */
  slices: Date[];
  /** The listener under the key of the day. */
  listenerIds: string[];
  addressIds: string[];
  userAgentIds: string[];
  referrerIds: string[];
  pathIds: string[];
}

/** Condition for rows of the listener; $1 tenant, $2 and $3 the stretch, $4 listener ids, $5 the instant. */
export const OF_LISTENER = `tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3
  AND (audience_a = ANY ($4::bigint[]) OR audience_b = ANY ($4::bigint[])
       OR count_id_today = ANY ($4::bigint[]) OR count_id_yesterday = ANY ($4::bigint[]))
  AND (occurred_at <= $5 OR received_at <= $5)`;

const distinct = (column: string) =>
  `coalesce(array_agg(DISTINCT ${column}) FILTER (WHERE ${column} IS NOT NULL), '{}')`;

/**
 * Takes out of a listener's rows what names them, and says what that was. The rows stay, with their identities: when one
 * comes again it is a duplicate and brings nothing back. What no longer names anybody stays too: what was asked for,
 * when, and how much was served. Call it under the locks of counting: of two erasures at once, each would say that it
 * found the rows. They are not locked before they are changed, since TimescaleDB cannot lock what is compressed.
 */
export async function scrubEvents(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Stretch,
  { listenerIds, until }: ListenerRows,
): Promise<ScrubbedEvents> {
  const rows = await withoutNestedLoops(sql, () =>
    sql<ScrubbedEvents>(
      `WITH found AS MATERIALIZED (
       SELECT occurred_at, event_id, user_agent_id, referrer_id, path_id, address_day_id, count_id_today
       FROM listener_events
       WHERE ${OF_LISTENER}
       ORDER BY occurred_at, event_id
     ), scrubbed AS (
       UPDATE listener_events e
       SET audience_a = NULL, audience_b = NULL, count_id_today = NULL, count_id_yesterday = NULL, address_day_id = NULL,
           net_id = NULL, user_agent_id = NULL, referrer_id = NULL, network_id = NULL, path_id = NULL, session_id = NULL,
           event_data = NULL, payload_hash = 0
       FROM found f
       WHERE e.tenant_id = $1 AND e.occurred_at = f.occurred_at AND e.event_id = f.event_id
         AND e.occurred_at >= $2 AND e.occurred_at < $3
     )
     SELECT count(*)::integer AS rows, ${distinct(`date_bin('5 minutes', occurred_at, 'epoch')`)} AS slices,
            ${distinct('count_id_today')} AS "listenerIds", ${distinct('address_day_id')} AS "addressIds",
            ${distinct('user_agent_id')} AS "userAgentIds", ${distinct('referrer_id')} AS "referrerIds",
            ${distinct('path_id')} AS "pathIds"
     FROM found`,
      [tenantId, from, to, listenerIds, until],
    ),
  );
  return rows[0] ?? NOTHING;
}

const NOTHING: ScrubbedEvents = {
  rows: 0,
  slices: [],
  listenerIds: [],
  addressIds: [],
  userAgentIds: [],
  referrerIds: [],
  pathIds: [],
};

/** The time of the tenant's first raw event from `from` on; null when there is none. */
export async function nextRawEvent(sql: Sql, tenantId: TenantId, from: Date): Promise<Date | null> {
  const [row] = await sql<{ next: Date | null }>(
    `SELECT min(occurred_at) AS next FROM listener_events WHERE tenant_id = $1 AND occurred_at >= $2`,
    [tenantId, from],
  );
  return row?.next ?? null;
}

/** For each of some addresses that still asks for files in a stretch of time, the 5-minute slice of its first request. */
export async function slicesOfAddresses(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Stretch,
  addressIds: readonly string[],
): Promise<Date[]> {
  const rows = await sql<{ slice: Date }>(
    `SELECT DISTINCT date_bin('5 minutes', min(occurred_at), 'epoch') AS slice FROM listener_events
     WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND event_type = 'download_request'
       AND address_day_id = ANY ($4::bigint[])
     GROUP BY address_day_id`,
    [tenantId, from, to, addressIds],
  );
  return rows.map(({ slice }) => slice);
}
