import type { LoginSession } from '../../connect-as-login.js';

/**
 * Adds events and as many downloads to one slice, like any that the tenant has on that day, with the marks that they leave
 * when they come in and are counted.
 *
 * @param slice start of the slice; the day has a history
 */
export async function addEvents(
  { sql }: LoginSession,
  tenantId: string,
  slice: Date,
  events: number,
): Promise<void> {
  // Others each time: whoever has come before changes no sketch.
  const listeners = Math.floor(Math.random() * 2 ** 40);
  const at = "$2::timestamptz + n * interval '1 second'";
  await sql(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
       network_id, audience_a, audience_b, bytes_sent, status, payload_hash_version, trusted_sender, event_type, method)
     SELECT $1, ${at}, gen_random_uuid(), e.episode_id, ${at}, n, 1 + n % 60, 1 + n * 7 % 60,
            hashint8extended(n, $4::bigint), hashint8extended(n, $4::bigint + 1), 24000000, 206, 1, true,
            'download_request', 'GET'
     FROM generate_series(1, $3::integer) AS n
     CROSS JOIN LATERAL (SELECT array_agg(episode_id) AS ids FROM (
       SELECT episode_id FROM bench.episodes WHERE tenant_id = $1 AND published_at <= $2 ORDER BY published_at DESC LIMIT 10
     ) newest) latest
     CROSS JOIN LATERAL (SELECT latest.ids[1 + n % cardinality(latest.ids)] AS episode_id) e`,
    [tenantId, slice, events, listeners],
  );
  await sql(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
       podcast_id, episode_id, listener_id, audience_a, audience_b, bytes, evidence, app, device, country)
     SELECT l.tenant_id, c.rule_set_id, c.day, l.audience_a, l.event_id, l.occurred_at, l.occurred_at, e.podcast_id,
            l.episode_id, l.audience_a, l.audience_a, l.audience_b,
            l.bytes_sent, 'origin_bytes', a.app, a.device, n.country
     FROM listener_events l
     JOIN counted_days c ON c.tenant_id = $1 AND c.day = (l.occurred_at AT TIME ZONE 'UTC')::date
     JOIN episodes e ON e.tenant_id = $1 AND e.id = l.episode_id
     JOIN user_agents a ON a.tenant_id = $1 AND a.id = l.user_agent_id
     JOIN networks n ON n.tenant_id = $1 AND n.id = l.network_id
     WHERE l.tenant_id = $1 AND l.occurred_at > $2 AND l.occurred_at <= $2::timestamptz + $3::integer * interval '1 second'
       AND l.received_at = l.occurred_at AND l.count_id_today IS NULL AND l.event_type = 'download_request'
     ON CONFLICT DO NOTHING`,
    [tenantId, slice, events],
  );
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     VALUES ($1, 'slice', $2), ($1, 'audience', date_bin('24 hours', $2::timestamptz, 'epoch'))`,
    [tenantId, slice],
  );
}
