import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { OF_LISTENER, type ListenerRows, type Stretch } from './scrub-events.sql.js';

/** How many requests and events of a listener lie in a stretch of time. */
export async function countListenerEvents(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Stretch,
  { listenerIds, until }: ListenerRows,
): Promise<number> {
  const [row] = await sql<{ rows: number }>(
    `SELECT count(*)::integer AS rows FROM listener_events WHERE ${OF_LISTENER}`,
    [tenantId, from, to, listenerIds, until],
  );
  return row?.rows ?? 0;
}

/** Everything that is stored of a listener's requests and events in a stretch of time, as JSON objects in its order. */
export async function listenerEvents(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Stretch,
  { listenerIds, until }: ListenerRows,
): Promise<object[]> {
  const rows = await sql<{ event: object }>(
    `SELECT jsonb_build_object(
              'id', l.event_id, 'type', l.event_type, 'occurredAt', l.occurred_at, 'receivedAt', l.received_at,
              'podcast', p.title, 'episodeId', l.episode_id, 'episode', e.title, 'path', t.value, 'method', l.method,
              'status', l.status, 'bytes', l.bytes_sent, 'range', l.byte_range, 'servedRange', l.served_range,
              'segment', l.segment, 'positionMs', l.position_ms, 'placementId', l.placement_id,
              'sessionId', l.session_id, 'userAgent', u.value, 'referrer', r.value, 'network', n.class, 'asn', n.asn,
              'country', n.country, 'addressList', n.address_list, 'importId', l.import_id, 'data', l.event_data,
              'keyedIds', jsonb_build_object(
                'countToday', l.count_id_today::text, 'countYesterday', l.count_id_yesterday::text,
                'addressDay', l.address_day_id::text, 'audienceA', l.audience_a::text, 'audienceB', l.audience_b::text,
                'net', l.net_id::text)
            ) AS event
     FROM (SELECT * FROM listener_events WHERE ${OF_LISTENER}) l
     LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
     LEFT JOIN podcasts p ON p.tenant_id = $1 AND p.id = e.podcast_id
     LEFT JOIN user_agents u ON u.tenant_id = $1 AND u.id = l.user_agent_id
     LEFT JOIN referrers r ON r.tenant_id = $1 AND r.id = l.referrer_id
     LEFT JOIN paths t ON t.tenant_id = $1 AND t.id = l.path_id
     LEFT JOIN networks n ON n.tenant_id = $1 AND n.id = l.network_id
     ORDER BY l.occurred_at, l.event_id`,
    [tenantId, from, to, listenerIds, until],
  );
  return rows.map(({ event }) => event);
}

/**
 * What was counted of a listener, by the UTC days that own it, from a day on and before another, under every rule set.
 * @param range days, `YYYY-MM-DD`; null sets no limit
 */
export async function listenerDownloads(
  sql: Sql,
  tenantId: TenantId,
  { from, before }: { from: string | null; before: string | null },
  listenerIds: readonly string[],
): Promise<object[]> {
  const rows = await sql<{ download: object }>(
    `SELECT jsonb_build_object(
              'occurredAt', d.occurred_at, 'settledAt', d.settled_at, 'ruleSet', s.version, 'podcast', p.title,
              'episodeId', d.episode_id, 'episode', e.title, 'bytes', d.bytes, 'evidence', d.evidence, 'app', d.app,
              'device', d.device, 'country', d.country,
              'keyedIds', jsonb_build_object('listener', d.listener_id::text, 'addressDay', d.address_day_id::text,
                                             'audienceA', d.audience_a::text, 'audienceB', d.audience_b::text)
            ) AS download
     FROM rule_sets s
     JOIN downloads d ON d.tenant_id = $1 AND d.rule_set_id = s.id
     LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = d.episode_id
     LEFT JOIN podcasts p ON p.tenant_id = $1 AND p.id = d.podcast_id
     WHERE s.tenant_id = $1 AND ($2::date IS NULL OR d.settled_day >= $2) AND ($3::date IS NULL OR d.settled_day < $3)
       AND (d.listener_id = ANY ($4::bigint[]) OR d.audience_a = ANY ($4::bigint[]) OR d.audience_b = ANY ($4::bigint[]))
     ORDER BY d.occurred_at, d.download_id, s.version`,
    [tenantId, from, before, listenerIds],
  );
  return rows.map(({ download }) => download);
}

/** The windows that one UTC day left open for a listener, under every rule set. */
export async function listenerWindows(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  listenerIds: readonly string[],
): Promise<object[]> {
  const rows = await sql<{ window: object }>(
    `SELECT jsonb_build_object('ruleSet', s.version, 'episodeId', c.episode_id, 'evidence', c.evidence, 'window', c.carry)
              AS window
     FROM rule_sets s
     JOIN count_carry c ON c.tenant_id = $1 AND c.rule_set_id = s.id AND c.day = $2
     WHERE s.tenant_id = $1 AND c.listener_id = ANY ($3::bigint[])
     ORDER BY s.version, c.episode_id, c.evidence`,
    [tenantId, day, listenerIds],
  );
  return rows.map(({ window }) => window);
}
