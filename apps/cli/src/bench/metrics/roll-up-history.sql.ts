import type { LoginSession } from '../../connect-as-login.js';

/** UTC days, from 00:00 of the first to 00:00 after the last. */
export interface RolledUpDays {
  readonly from: Date;
  readonly to: Date;
}

const NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid";
const KEY = 'podcast_id, episode_id, metric, dimension, dimension_value, evidence, rule_set_id';
const OF_TOTALS = 'bucket, metric, dimension, dimension_value, evidence, rule_set_id';

/** Of the primary keys: rows in their order fill its pages, and need none of those before again. */
const IN_ORDER = {
  listener_metrics: 'dimension, bucket, episode_id',
  listener_totals: 'dimension, bucket, podcast_id',
};

/** Inserts what `rows` selects of one tenant, `t`, for each of them: what is sorted and grouped at a time stays small. */
const insert = (table: keyof typeof IN_ORDER, grain: string, columns: string, rows: string) =>
  `INSERT INTO ${table} (tenant_id, grain, ${columns}, value)
   SELECT t.tenant_id, '${grain}', r.* FROM bench.tenants t CROSS JOIN LATERAL (
     SELECT * FROM (${rows}) made (${columns}, value) ORDER BY ${IN_ORDER[table]}
   ) r`;

const shown = (columns: string, groups: string) => `
  SELECT ${columns} FROM downloads d
  JOIN counted_days c ON c.tenant_id = d.tenant_id AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
  WHERE d.tenant_id = t.tenant_id AND d.occurred_at >= $1 AND d.occurred_at < $2 GROUP BY ${groups}`;

const SLICES = insert(
  'listener_metrics',
  'slice',
  `bucket, ${KEY}`,
  `SELECT l.bucket, e.podcast_id, l.episode_id, l.metric, 'none', '', l.evidence, ${NOBODY}, l.value
   FROM (SELECT date_bin('5 minutes', occurred_at, 'epoch') AS bucket, episode_id, event_type AS metric,
                evidence_level(event_type, trusted_sender, bytes_sent) AS evidence, count(*) AS value
         FROM listener_events WHERE tenant_id = t.tenant_id AND occurred_at >= $1 AND occurred_at < $2 GROUP BY 1, 2, 3, 4) l
   JOIN episodes e ON e.tenant_id = t.tenant_id AND e.id = l.episode_id
   UNION ALL ${shown(
     `date_bin('5 minutes', d.occurred_at, 'epoch'), d.podcast_id, d.episode_id, 'downloads', 'none', '', d.evidence,
      d.rule_set_id, count(*)`,
     '1, 2, 3, 7, 8',
   )}`,
);

const EACH = (key: string) => `GROUPING SETS ((${key}, app), (${key}, device), (${key}, country))`;
const NAME = `CASE WHEN app IS NOT NULL THEN 'app' WHEN device IS NOT NULL THEN 'device' ELSE 'country' END,
  coalesce(app, device, country)`;

/** Of hours, by episode: bucket, podcast, episode, metric, dimension, name, evidence, rule set and count. */
const NAMED_IN_HOURS = `SELECT bucket, podcast_id, episode_id, metric, ${NAME}, evidence, ${NOBODY}, sum(value)::bigint
   FROM (SELECT l.*, e.podcast_id, a.app, a.device, n.country
         FROM (SELECT date_bin('1 hour', occurred_at, 'epoch') AS bucket, episode_id, event_type AS metric,
                      evidence_level(event_type, trusted_sender, bytes_sent) AS evidence, user_agent_id, network_id,
                      count(*) AS value
               FROM listener_events WHERE tenant_id = t.tenant_id AND occurred_at >= $1 AND occurred_at < $2
               GROUP BY 1, 2, 3, 4, 5, 6) l
         JOIN episodes e ON e.tenant_id = t.tenant_id AND e.id = l.episode_id
         JOIN user_agents a ON a.tenant_id = t.tenant_id AND a.id = l.user_agent_id
         JOIN networks n ON n.tenant_id = t.tenant_id AND n.id = l.network_id) of_events
   GROUP BY ${EACH('bucket, podcast_id, episode_id, metric, evidence')}
   UNION ALL
   SELECT bucket, podcast_id, episode_id, 'downloads', ${NAME}, evidence, rule_set_id, sum(value)::bigint
   FROM (${shown(
     `date_bin('1 hour', d.occurred_at, 'epoch') AS bucket, d.podcast_id, d.episode_id, d.evidence, d.rule_set_id, d.app,
      d.device, d.country, count(*) AS value`,
     '1, 2, 3, 4, 5, 6, 7, 8',
   )}) of_downloads
   GROUP BY ${EACH('bucket, podcast_id, episode_id, evidence, rule_set_id')}`;

const NAMED_KEY = 'podcast_id, episode_id, grain, dimension, metric, bucket, evidence, rule_set_id';

/** Rows of `dimension_counts` from `named`, which selects the key, a name and its count. */
const namesOf = (named: string) => `
  INSERT INTO dimension_counts (tenant_id, ${NAMED_KEY}, names, counts)
  SELECT t.tenant_id, r.* FROM bench.tenants t CROSS JOIN LATERAL (
    SELECT ${NAMED_KEY}, array_agg(name ORDER BY name COLLATE "C"), array_agg(value ORDER BY name COLLATE "C")
    FROM (SELECT ${NAMED_KEY}, name, sum(value)::bigint AS value
          FROM (${named}) named (${NAMED_KEY}, name, value) GROUP BY ${NAMED_KEY}, name) sums
    GROUP BY ${NAMED_KEY} ORDER BY ${NAMED_KEY}
  ) r`;

/** Hours and days, of episodes, of their podcasts and of the network. */
const NAMES_OF_DAYS = namesOf(`
  SELECT s.podcast_id, s.episode_id, g.grain, d.dimension, d.metric, g.bucket, d.evidence, d.rule_set_id, d.name, d.value
  FROM (${NAMED_IN_HOURS}) d (bucket, podcast_id, episode_id, metric, dimension, name, evidence, rule_set_id, value)
  CROSS JOIN LATERAL (VALUES ('hour', d.bucket), ('day', date_bin('24 hours', d.bucket, 'epoch'))) g (grain, bucket)
  CROSS JOIN LATERAL (VALUES (d.podcast_id, d.episode_id), (d.podcast_id, ${NOBODY}), (${NOBODY}, ${NOBODY}))
    s (podcast_id, episode_id)`);

const NAMES_OF_MONTHS = namesOf(`
  SELECT podcast_id, episode_id, 'month', dimension, metric, date_trunc('month', bucket, 'UTC'), evidence, rule_set_id,
         u.name, u.value
  FROM dimension_counts d CROSS JOIN LATERAL unnest(d.names, d.counts) AS u (name, value)
  WHERE d.tenant_id = t.tenant_id AND d.grain = 'day' AND d.bucket >= $1 AND d.bucket < $2`);

/** Sums of finer rows by episode. */
const sums = (grain: string, start: string, finer: string) =>
  insert(
    'listener_metrics',
    grain,
    `bucket, ${KEY}`,
    `SELECT ${start}, ${KEY}, sum(value)::bigint FROM listener_metrics
     WHERE tenant_id = t.tenant_id AND grain = '${finer}' AND dimension = 'none' AND bucket >= $1 AND bucket < $2
     GROUP BY 1, ${KEY}`,
  );

/** Sums over episodes: of podcasts, and of the network. */
const totals = (grain: string) =>
  insert(
    'listener_totals',
    grain,
    `${OF_TOTALS}, podcast_id`,
    `SELECT ${OF_TOTALS}, coalesce(podcast_id, ${NOBODY}), sum(value)::bigint FROM listener_metrics
     WHERE tenant_id = t.tenant_id AND grain = '${grain}' AND dimension = 'none' AND bucket >= $1 AND bucket < $2
     GROUP BY GROUPING SETS ((podcast_id, ${OF_TOTALS}), (${OF_TOTALS}))`,
  );

const DAY = "date_bin('24 hours', bucket, 'epoch')";
const OF_DAYS = [
  SLICES,
  sums('hour', "date_bin('1 hour', bucket, 'epoch')", 'slice'),
  NAMES_OF_DAYS,
  sums('day', DAY, 'hour'),
  ...['slice', 'hour', 'day'].map(totals),
  `INSERT INTO metrics_daily (tenant_id, day, podcast_id, metric, evidence, rule_set_id, value, episodes)
   SELECT t.tenant_id, r.* FROM bench.tenants t CROSS JOIN LATERAL (
     SELECT (bucket AT TIME ZONE 'UTC')::date, podcast_id, metric, evidence, rule_set_id, sum(value), count(*)
     FROM listener_metrics
     WHERE tenant_id = t.tenant_id AND grain = 'day' AND dimension = 'none' AND bucket >= $1 AND bucket < $2
     GROUP BY 1, 2, 3, 4, 5 OFFSET 0
   ) r`,
];

/**
 * Writes the rollups of UTC days that have none, for all tenants in one statement a table and level: what the product's
 * own refresh writes, which takes a statement or twenty for each day of each tenant. `checkRollups` compares the two.
 */
export async function rollUpDays({ sql }: LoginSession, { from, to }: RolledUpDays): Promise<void> {
  for (const statement of OF_DAYS) await sql(statement, [from, to]);
}

/** Writes all months anew from their days. Days were made for whole months or for parts of them. */
export async function rollUpMonths({ sql }: LoginSession, { from, to }: RolledUpDays): Promise<void> {
  await sql("DELETE FROM listener_metrics WHERE grain = 'month'");
  await sql("DELETE FROM listener_totals WHERE grain = 'month'");
  await sql("DELETE FROM dimension_counts WHERE grain = 'month'");
  const start = "date_trunc('month', bucket, 'UTC')";
  await sql(sums('month', start, 'day'), [from, to]);
  await sql(totals('month'), [new Date(0), to]);
  await sql(NAMES_OF_MONTHS, [from, to]);
}
