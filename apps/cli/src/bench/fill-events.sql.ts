import type { LoginSession } from '../connect-as-login.js';

/** Raw events to be made for one tenant. */
export interface History {
  readonly tenantId: string;
  readonly episodeIds: readonly string[];
  /** The range that they are spread over, evenly. */
  readonly from: Date;
  readonly to: Date;
}

/** A number in [0, 1) that follows from `n` and a seed. */
const uniform = (seed: number) => `((hashint8extended(n, ${seed}) & 1048575) / 1048576.0::float8)`;

/** Nine tenths of a network's events are of these two kinds; half of the requests were seen by the origin. */
const FILL = `
  INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
    audience_a, audience_b, count_id_today, address_day_id, bytes_sent, position_ms, status, payload_hash_version,
    trusted_sender, event_type, method, session_id)
  SELECT $1::uuid, at, gen_random_uuid(), ($2::uuid[])[1 + floor(cardinality($2::uuid[]) * popularity ^ 3)::integer], at, n,
         n % 300, n / 4, n / 4, CASE WHEN kind = 'download_request' THEN n / 4 END,
         CASE WHEN kind = 'download_request' THEN n / 4 END,
         CASE WHEN kind = 'download_request' AND n % 4 < 2 THEN 24000000 END,
         CASE WHEN kind <> 'download_request' THEN n % 3000 * 1000 END, CASE WHEN kind = 'download_request' THEN 206 END,
         1, true, kind, CASE WHEN kind = 'download_request' THEN 'GET' END,
         CASE WHEN kind <> 'download_request' THEN 's' || n / 4 END
  FROM generate_series($5::bigint, $6::bigint - 1) AS n
  CROSS JOIN LATERAL (
    SELECT $3::timestamptz + ($4::timestamptz - $3::timestamptz) * ((n - $5) / ($6 - $5)::float8) AS at,
           ${uniform(1)} AS popularity,
           (ARRAY['download_request', 'download_request', 'download_request', 'download_request', 'play', 'play', 'play',
                  'play', 'progress', 'complete'])[1 + (hashint8extended(n, 2) & 1023) % 10] AS kind
    OFFSET 0
  ) AS e`;

/**
 * Makes events number `first` to `last` (not included) by arithmetic, inside the server, and marks every slice of the
 * range, as if they had come in. One episode of 200 gets a sixth of them.
 */
export async function fillEvents(
  { sql }: LoginSession,
  { tenantId, episodeIds, from, to }: History,
  first: number,
  last: number,
): Promise<void> {
  await sql('SELECT ensure_partitions($1, $2)', [from, to]);
  await sql(FILL, [tenantId, episodeIds, from, to, first, last]);
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'slice', generate_series($2::timestamptz, $3::timestamptz - interval '5 minutes', interval '5 minutes')`,
    [tenantId, from, to],
  );
}
