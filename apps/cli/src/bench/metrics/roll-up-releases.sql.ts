import type { LoginSession } from '../../connect-as-login.js';

const HORIZONS = [1, 7, 30, 60, 90, 366];

const STARTS = `
  INSERT INTO release_starts (tenant_id, episode_id, podcast_id, started_at)
  SELECT e.tenant_id, e.id, e.podcast_id, date_bin('15 minutes', e.published_at, 'epoch')
  FROM bench.tenants t
  CROSS JOIN LATERAL (
    SELECT DISTINCT episode_id FROM listener_metrics
    WHERE tenant_id = t.tenant_id AND grain = 'month' AND dimension = 'none' AND metric = 'downloads'
  ) counted
  JOIN episodes e ON e.tenant_id = t.tenant_id AND e.id = counted.episode_id`;

const CURVES = `
  INSERT INTO release_curves (tenant_id, episode_id, podcast_id, rule_set_id, evidence, age_day, downloads)
  SELECT t.tenant_id, r.* FROM bench.tenants t
  CROSS JOIN LATERAL (
    SELECT m.episode_id, m.podcast_id, m.rule_set_id, m.evidence, a.age_day, sum(m.value)::bigint
    FROM listener_metrics m
    JOIN release_starts s ON s.tenant_id = t.tenant_id AND s.episode_id = m.episode_id
    CROSS JOIN LATERAL (SELECT ((extract(epoch FROM m.bucket - s.started_at)) / 86400)::integer AS age_day) a
    WHERE m.tenant_id = t.tenant_id AND m.grain = 'day' AND m.dimension = 'none' AND m.metric = 'downloads'
      AND a.age_day BETWEEN 0 AND 365
    GROUP BY 1, 2, 3, 4, 5 OFFSET 0
  ) r`;

const TOTALS = `
  INSERT INTO release_totals (tenant_id, episode_id, evidence, ${HORIZONS.map((days) => `days_${days}`).join(', ')})
  SELECT tenant_id, episode_id, evidence,
         ${HORIZONS.map((days) => `coalesce(sum(downloads) FILTER (WHERE age_day < ${days}), 0)`).join(', ')}
  FROM release_curves GROUP BY 1, 2, 3`;

/** Writes all release curves anew from days. Every episode came out at 00:00 UTC, so that a day of age is a UTC day. */
export async function rollUpReleases({ sql }: LoginSession): Promise<void> {
  for (const table of ['release_starts', 'release_curves', 'release_totals'])
    await sql(`DELETE FROM ${table}`);
  for (const statement of [STARTS, CURVES, TOTALS]) await sql(statement);
}
