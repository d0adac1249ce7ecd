import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { fileAsOf } from './episode-sizes.sql.js';
import type { AddressDay, PodcastDay } from '../domain/invalid-traffic/traffic-day.js';

/**
 * What the addresses of a UTC day did, of those that exceed any of the limits and have downloads that are shown: of others
 * there is nothing to leave out. The threshold of an episode is its header and one minute of its content (PTMG v2.3
 * §5.5.3), by what the day knows of its file.
 *
 * Only addresses that ask for more episodes than the limit on the whole day, or exceed another limit, are looked at by the
 * minute. An episode is recent from a request until its next one, or for 10 minutes; the most that are recent at once are
 * the most in any `[t, t + 10 min)`. One sort instead of a join of the requests with themselves, which takes the square of
 * what one address asks for.
 */
export function busyAddresses(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  limits: { episodesIn10Minutes: number; agents: number; atThreshold: number },
): Promise<AddressDay[]> {
  return sql<AddressDay>(
    `WITH shown AS (
       SELECT d.address_day_id, d.episode_id, d.listener_id, d.bytes, c.files_as_of
       FROM downloads d JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
       WHERE d.tenant_id = $1 AND d.settled_day = $4
     ), thresholds AS (
       SELECT e.episode_id, f.header_bytes + ceil((f.media_bytes - f.header_bytes) * 60.0 / f.duration_seconds) AS bytes
       FROM (SELECT DISTINCT episode_id, files_as_of FROM shown) e
       CROSS JOIN LATERAL (${fileAsOf('e.episode_id', 'e.files_as_of')}) f
       WHERE f.duration_seconds > 60
     ), got AS (
       SELECT d.address_day_id, count(*)::integer AS downloads, count(DISTINCT d.listener_id)::integer AS agents,
              (count(*) FILTER (WHERE d.bytes BETWEEN t.bytes AND t.bytes * 1.001))::integer AS at_threshold
       FROM shown d LEFT JOIN thresholds t USING (episode_id)
       GROUP BY 1
     ), requests AS (
       SELECT address_day_id, episode_id, occurred_at
       FROM listener_events
       WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3 AND event_type = 'download_request'
         AND address_day_id IS NOT NULL AND episode_id IS NOT NULL
     ), asked AS (
       SELECT address_day_id, count(*)::float8 AS requests, count(DISTINCT episode_id) AS episodes FROM requests GROUP BY 1
     ), busy AS (
       SELECT address_day_id, a.requests, g.downloads, g.agents, g.at_threshold
       FROM asked a JOIN got g USING (address_day_id)
       WHERE a.episodes > $5 OR g.agents > $6 OR g.at_threshold > $7
     ), recent AS (
       SELECT address_day_id, occurred_at AS since,
              least(lead(occurred_at) OVER (PARTITION BY address_day_id, episode_id ORDER BY occurred_at),
                    occurred_at + interval '10 minutes') AS until
       FROM requests JOIN busy USING (address_day_id)
     ), at_once AS (
       SELECT address_day_id, sum(change) OVER (PARTITION BY address_day_id ORDER BY instant) AS episodes
       FROM recent CROSS JOIN LATERAL (VALUES (since, 1), (until, -1)) AS c (instant, change)
     ), spans AS (
       SELECT address_day_id, max(episodes)::integer AS episodes FROM at_once GROUP BY 1
     )
     SELECT address_day_id AS "addressId", b.requests, b.downloads, b.agents, s.episodes AS "episodesIn10Minutes",
            b.at_threshold AS "atThreshold"
     FROM busy b JOIN spans s USING (address_day_id)
     WHERE s.episodes > $5 OR b.agents > $6 OR b.at_threshold > $7`,
    [
      tenantId,
      day,
      new Date(day.getTime() + DAY_MS),
      day.toISOString().slice(0, 10),
      limits.episodesIn10Minutes,
      limits.agents,
      limits.atThreshold,
    ],
  );
}

/** The downloads of each podcast on a UTC day by hour and by app, and by app on the 28 days before. */
export async function podcastDays(sql: Sql, tenantId: TenantId, day: Date): Promise<PodcastDay[]> {
  const rows = await sql<{
    podcastId: string;
    hours: number[];
    apps: Record<string, number>;
    usualApps: Record<string, number>;
  }>(
    `WITH shown AS (
       SELECT d.podcast_id, d.app, d.occurred_at >= $3 AS is_today, extract(hour FROM d.occurred_at AT TIME ZONE 'UTC') AS hour
       FROM downloads d JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
       WHERE d.tenant_id = $1 AND d.occurred_at >= $2 AND d.occurred_at < $4
     ), by_hour AS (
       SELECT podcast_id, array_agg(coalesce(n, 0) ORDER BY hour) AS hours
       FROM (SELECT DISTINCT podcast_id FROM shown WHERE is_today) p CROSS JOIN generate_series(0, 23) hour
       LEFT JOIN (SELECT podcast_id, hour, count(*)::integer AS n FROM shown WHERE is_today GROUP BY 1, 2) s USING (podcast_id, hour)
       GROUP BY 1
     ), by_app AS (
       SELECT podcast_id, jsonb_object_agg(app, n) FILTER (WHERE is_today) AS apps,
              jsonb_object_agg(app, n) FILTER (WHERE NOT is_today) AS usual
       FROM (SELECT podcast_id, app, is_today, count(*) AS n FROM shown GROUP BY 1, 2, 3) s GROUP BY 1
     )
     SELECT podcast_id AS "podcastId", hours, apps, coalesce(usual, '{}') AS "usualApps"
     FROM by_hour JOIN by_app USING (podcast_id)`,
    [tenantId, new Date(day.getTime() - 28 * DAY_MS), day, new Date(day.getTime() + DAY_MS)],
  );
  return rows.map(({ podcastId, hours, apps, usualApps }) => ({
    podcastId,
    hours,
    apps: new Map(Object.entries(apps)),
    usualApps: new Map(Object.entries(usualApps)),
  }));
}
