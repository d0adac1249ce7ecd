import type { LoginSession } from '../../connect-as-login.js';
import { CATALOGUE_DAYS, NAMES } from './networks.sql.js';

/** The whole history, of which days are made in any order. */
export interface HistoryShape {
  /** Of all tenants and days. */
  readonly events: number;
  /** 00:00 UTC. */
  readonly firstDay: Date;
  readonly days: number;
}

/** A number above 0 and below 1 that follows from the event and `k`. */
const uniform = (of: string, k: number) =>
  `(((hashint8extended(${of}, ${k}) & 1048575) + 0.5) / 1048576.0::float8)`;
/** One of `n`, by Zipf's law. */
const ranked = (n: string | number, at: string) => `least(${n}, floor(power(${n} + 1, ${at})))::integer`;

/**
 * Events of days number $1 up to $2 of all tenants, by arithmetic. More of them in the evening; a listener has one app and
 * one country; seven in ten ask for what came out in the last days, the others for anything of half a year. Those of
 * players tell no position.
 */
const MADE = `
  SELECT t.tenant_id, t.rule_set_id, p.podcast_id, p.episode_id, d.day, e.n, s.seed, l.listener, l.app, l.country,
         s.kind, s.kind = 'download_request' AS is_request, w.podcast_no % 4 <> 0 AS by_origin,
         d.day + interval '1 millisecond' * floor(86400000 * (s.x - 0.12 * sin(2 * pi() * s.x))) AS at
  FROM bench.tenants t
  CROSS JOIN generate_series($1::integer, $2::integer - 1) AS day_no
  CROSS JOIN LATERAL (
    SELECT $3::timestamptz + day_no * interval '24 hours' AS day,
           floor($4::float8 / $5::float8 * t.share + ${uniform('t.number::bigint * 100000 + day_no', 2)})::integer AS quota
  ) d
  CROSS JOIN LATERAL generate_series(1, d.quota) AS e (n)
  CROSS JOIN LATERAL (
    SELECT seed, (e.n - ${uniform('seed', 3)}) / d.quota AS x,
           coalesce((ARRAY['play', 'play', 'complete'])[1 + (hashint8extended(seed, 4) & 1023) % 25],
                    'download_request') AS kind
    FROM (SELECT hashint8extended(e.n::bigint, t.number::bigint * 100000 + day_no) AS seed OFFSET 0) one
    OFFSET 0
  ) s
  CROSS JOIN LATERAL (
    SELECT ${ranked('t.podcasts', uniform('s.seed', 5))} AS podcast_no,
           CASE WHEN ${uniform('s.seed', 6)} < 0.7 THEN floor(-3 * ln(${uniform('s.seed', 7)}))
                ELSE floor(150 * ${uniform('s.seed', 7)}) END::integer AS age_days,
           hashint8extended(floor(greatest(20, $4::float8 * t.share / 10) * power(${uniform('s.seed', 8)}, 2))::bigint,
                            t.number) AS listener
    OFFSET 0
  ) w
  CROSS JOIN LATERAL (
    SELECT w.listener, ${ranked(NAMES, uniform('w.listener', 9))} AS app,
           ${ranked(NAMES, uniform('w.listener', 10))} AS country
  ) l
  JOIN bench.episodes p ON p.number = t.number AND p.podcast_no = w.podcast_no
    AND p.episode_no = greatest(0, (day_no + ${CATALOGUE_DAYS} - w.age_days - (t.number + 3 * w.podcast_no) % 7) / 7)`;

const FILL = `
  WITH made AS MATERIALIZED (${MADE}
  ), raw AS (
    INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
      network_id, audience_a, audience_b, count_id_today, address_day_id, bytes_sent, status, payload_hash_version,
      trusted_sender, event_type, method)
    SELECT tenant_id, at, gen_random_uuid(), episode_id, at, seed, app, country, hashint8extended(listener, 101),
           hashint8extended(listener, 102), CASE WHEN is_request THEN listener END, CASE WHEN is_request THEN listener END,
           CASE WHEN is_request AND by_origin THEN 24000000 END, CASE WHEN is_request THEN 206 END, 1, true, kind,
           CASE WHEN is_request THEN 'GET' END
    FROM made
    RETURNING 1
  ), counted AS (
    INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
      podcast_id, episode_id, listener_id, audience_a, audience_b, bytes, evidence, app, device, country)
    SELECT m.tenant_id, m.rule_set_id, (m.day AT TIME ZONE 'UTC')::date, m.listener, gen_random_uuid(), m.at, m.at,
           m.podcast_id, m.episode_id, m.listener, hashint8extended(m.listener, 101), hashint8extended(m.listener, 102),
           CASE WHEN by_origin THEN 24000000 END, CASE WHEN by_origin THEN 'origin_bytes' ELSE 'prefix_only' END,
           a.app, a.device, n.country
    FROM made m
    JOIN user_agents a ON a.tenant_id = m.tenant_id AND a.id = m.app
    JOIN networks n ON n.tenant_id = m.tenant_id AND n.id = m.country
    WHERE m.is_request AND ${uniform('m.seed', 11)} < 0.7
    RETURNING 1
  )
  SELECT count(*)::integer AS made FROM raw`;

/** Made in one statement, unless a single day has more. */
const AT_ONCE = 400_000;

/**
 * Makes raw events and counted downloads of days number `first` to `last` (not included) of the history, inside the
 * server, and shows the days. Seven in ten requests became downloads. Returns how many events there are.
 */
export async function fillHistory(
  { sql }: LoginSession,
  { events, firstDay, days }: HistoryShape,
  first: number,
  last: number,
  onProgress: (made: number) => void,
): Promise<number> {
  const dayAt = (n: number) => new Date(firstDay.getTime() + n * 86_400_000);
  await sql('SELECT ensure_partitions($1, $2)', [dayAt(first), dayAt(last)]);
  await sql(
    `INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, created_by)
     SELECT t.tenant_id, t.rule_set_id, 'bench', '2020-01-01', r.rules, r.agent_list, 'bench'
     FROM bench.tenants t CROSS JOIN (SELECT * FROM rule_sets WHERE version <> 'bench' LIMIT 1) r
     ON CONFLICT DO NOTHING`,
  );
  await sql(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     SELECT tenant_id, ($1::timestamptz AT TIME ZONE 'UTC')::date + n, rule_set_id, now()
     FROM bench.tenants, generate_series($2::integer, $3::integer - 1) AS n`,
    [firstDay, first, last],
  );
  const step = Math.max(1, Math.floor((AT_ONCE * days) / events));
  let made = 0;
  for (let day = first; day < last; day += step) {
    const until = Math.min(day + step, last);
    const [row] = await sql<{ made: number }>(FILL, [day, until, firstDay, events, days]);
    made += row?.made ?? 0;
    onProgress(made);
  }
  return made;
}
