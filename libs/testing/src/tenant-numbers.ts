/** Anything that runs statements past every wall: a pool or a client of the owner. */
interface Owner {
  query<Row extends object>(text: string, params: unknown[]): Promise<{ rows: Row[] }>;
}

const NO_RULE_SET = "'00000000-0000-0000-0000-000000000000'::uuid";

/** One statement each; `$1` is the tenant. Ids that are random for each tenant are counted or left out. */
const NUMBERS = {
  events: `
    SELECT count(*)::int AS n, count(DISTINCT l.import_id)::int AS imports,
           count(DISTINCT l.address_day_id)::int AS addresses, count(DISTINCT l.count_id_today)::int AS listeners,
           count(DISTINCT l.audience_a)::int AS audience,
           md5(string_agg(concat_ws(' ', l.event_id, l.occurred_at, e.media_key, p.value, l.method, l.status, l.bytes_sent,
             l.payload_hash, l.served_range, l.user_agent_id), E'\\n' ORDER BY l.occurred_at, l.event_id)) AS rows
    FROM listener_events l
    LEFT JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
    LEFT JOIN paths p ON p.tenant_id = l.tenant_id AND p.id = l.path_id
    WHERE l.tenant_id = $1`,
  files: `
    SELECT done_lines::int, done_bytes::int, stored::int, duplicates::int, conflicts::int, not_episodes::int, faults::int,
           finished_at IS NOT NULL AS finished, progress->'rules' AS rules FROM import_files WHERE tenant_id = $1`,
  imports: `SELECT first_day::text, last_day::text, state FROM imports WHERE tenant_id = $1 ORDER BY first_day`,
  duplicates: `
    SELECT d.day::text, e.media_key, d.requests::int
    FROM duplicate_deliveries d LEFT JOIN episodes e ON e.tenant_id = d.tenant_id AND e.id = d.episode_id
    WHERE d.tenant_id = $1 ORDER BY d.day, e.media_key`,
  downloads: `
    SELECT count(*)::int AS n, count(DISTINCT d.listener_id)::int AS listeners,
           count(DISTINCT d.audience_a)::int AS audience,
           md5(string_agg(concat_ws(' ', d.occurred_at, d.settled_at, d.settled_day, e.media_key, d.bytes, d.evidence, d.app,
             d.device, d.country), E'\\n' ORDER BY d.occurred_at, d.settled_at, e.media_key, d.bytes, d.app)) AS rows
    FROM downloads d LEFT JOIN episodes e ON e.tenant_id = d.tenant_id AND e.id = d.episode_id
    WHERE d.tenant_id = $1`,
  metrics: `
    SELECT m.grain, m.metric, m.dimension, m.evidence, sum(m.value)::int AS total,
           md5(string_agg(concat_ws(' ', m.bucket, e.media_key, m.dimension_value, m.rule_set_id = ${NO_RULE_SET}, m.value),
             E'\\n' ORDER BY m.bucket, e.media_key, m.dimension_value)) AS rows
    FROM listener_metrics m LEFT JOIN episodes e ON e.tenant_id = m.tenant_id AND e.id = m.episode_id
    WHERE m.tenant_id = $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
  totals: `
    SELECT grain, metric, dimension, evidence, podcast_id = ${NO_RULE_SET} AS network, sum(value)::int AS total,
           md5(string_agg(concat_ws(' ', bucket, dimension_value, value), E'\\n' ORDER BY bucket, dimension_value)) AS rows
    FROM listener_totals WHERE tenant_id = $1 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
  dimensions: `
    SELECT m.grain, m.metric, m.dimension, m.evidence, m.podcast_id = ${NO_RULE_SET} AS network, sum(m.value)::int AS total,
           md5(string_agg(concat_ws(' ', m.bucket, e.media_key, m.dimension_value, m.rule_set_id = ${NO_RULE_SET}, m.value),
             E'\\n' ORDER BY m.bucket, e.media_key, m.dimension_value)) AS rows
    FROM listener_dimensions m
    LEFT JOIN episodes e ON e.tenant_id = m.tenant_id AND e.id = m.episode_id
    WHERE m.tenant_id = $1 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
  days: `
    SELECT day::text, metric, evidence, value::int, episodes FROM metrics_daily
    WHERE tenant_id = $1 ORDER BY day, metric, evidence`,
} as const;

/**
 * Everything that a tenant's tables say after an import: requests, files, downloads and every rollup. Two tenants with the
 * same episodes say the same when the same requests were stored and counted, however that came about.
 */
export async function tenantNumbers(owner: Owner, tenantId: string): Promise<Record<string, object[]>> {
  const numbers: Record<string, object[]> = {};
  for (const [name, text] of Object.entries(NUMBERS))
    numbers[name] = (await owner.query<object>(text, [tenantId])).rows;
  return numbers;
}
