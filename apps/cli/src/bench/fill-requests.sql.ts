import type { LoginSession } from '../connect-as-login.js';
import type { History } from './fill-events.sql.js';

const AGENTS = [
  'AntennaPod/3.4.0',
  'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)',
  'Podcasts/4100.12 CFNetwork/3826.500.111 Darwin/25.0.0',
  'AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)',
  'Spotify/8.9.10 Android/34 (Pixel 8)',
  'AhrefsBot/7.0',
];

/** Four requests in a row belong to one listening: a probe, two pieces and a repeat, within some minutes. */
const FILL = `
  INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
    count_id_today, count_id_yesterday, address_day_id, audience_a, audience_b, bytes_sent, status, payload_hash_version,
    trusted_sender, event_type, method, byte_range, served_range)
  SELECT $1::uuid, at, gen_random_uuid(), ($2::uuid[])[1 + (hashint8extended(listening, 1) & 1048575) % cardinality($2::uuid[])],
         at, n, 1 + listening % ${AGENTS.length}, listener, listener, listener, listener, listener, bytes, 206, 1, true,
         'download_request', 'GET', 'bytes=' || first || '-' || first + bytes - 1, int8range(first, first + bytes)
  FROM generate_series($6::bigint, $7::bigint - 1) AS n
  CROSS JOIN LATERAL (
    SELECT n / 4 AS listening, hashint8extended(n / 4, 2) AS listener,
           $3::timestamptz + ($4::timestamptz - $3::timestamptz) * ((n / 4 * 4)::float8 / $5)
             + n % 4 * interval '20 seconds' AS at,
           (ARRAY[0, 0, 800000, 0])[1 + n % 4]::bigint AS first, (ARRAY[2, 900000, 900000, 900000])[1 + n % 4]::bigint AS bytes
    OFFSET 0
  ) AS e
  WHERE at < $4`;

/** Made in one statement, so that progress can be told. Whole listenings. */
const AT_ONCE = 400_000;

/**
 * Makes about `count` requests by arithmetic, inside the server, spread evenly over the range, with the sizes of the
 * episodes that decide whether they count; marks nothing. `onProgress` is told how many there are.
 */
export async function fillRequests(
  { sql }: LoginSession,
  { tenantId, episodeIds, from, to }: History,
  count: number,
  onProgress: (made: number) => void,
): Promise<void> {
  await sql('SELECT ensure_partitions($1, $2)', [from, to]);
  await sql(
    `UPDATE episodes SET media_bytes = 28800000, header_bytes = 300000, duration_seconds = 1800 WHERE tenant_id = $1`,
    [tenantId],
  );
  await sql(
    `INSERT INTO user_agents (tenant_id, id, value) SELECT $1, n, agent
     FROM unnest($2::text[]) WITH ORDINALITY AS a (agent, n)`,
    [tenantId, AGENTS],
  );
  for (let made = 0; made < count; made += AT_ONCE) {
    const until = Math.min(made + AT_ONCE, count);
    await sql(FILL, [tenantId, episodeIds, from, to, count, made, until]);
    onProgress(until);
  }
  await sql('VACUUM (ANALYZE) listener_events');
  // What the server still has to write would be paid for by whatever is measured next.
  await sql('CHECKPOINT');
}

/** Marks every slice of the range to be counted. */
export async function markRequests({ sql }: LoginSession, { tenantId, from, to }: History): Promise<void> {
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'count', generate_series($2::timestamptz, $3::timestamptz - interval '5 minutes', interval '5 minutes')`,
    [tenantId, from, to],
  );
}
