import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Evidence } from '../../domain/event-metrics.js';

/** Downloads of a podcast at one level on one day, or in its first hours, that one app or one network made. */
export interface DownloadSource {
  podcastId: string;
  evidence: Evidence;
  day: Date;
  source: string;
  downloads: number;
}

const SHOWN = `
  SELECT s.day, d.podcast_id, d.evidence, d.app, d.settled_at, d.download_id
  FROM unnest($3::timestamptz[]) AS s (day)
  CROSS JOIN LATERAL (
    SELECT * FROM downloads
    WHERE tenant_id = $1 AND occurred_at >= s.day AND occurred_at < s.day + $4::integer * interval '1 hour'
      AND podcast_id = ANY ($2::uuid[])
    OFFSET 0
  ) d
  JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id`;

/** Shown downloads of some podcasts by app, in the first `hours` hours of some UTC days. Reads downloads row by row. */
export function downloadApps(
  sql: Sql,
  tenantId: TenantId,
  podcastIds: readonly string[],
  days: readonly Date[],
  hours: number,
): Promise<DownloadSource[]> {
  return sql(
    `SELECT podcast_id AS "podcastId", evidence, day, app AS source, count(*)::integer AS downloads
     FROM (${SHOWN}) shown GROUP BY 1, 2, 3, 4`,
    [tenantId, podcastIds, days, hours],
  );
}

/**
 * The same by network (the number of its autonomous system), as far as the requests are kept and their network is known.
 * The request that completed a download names it.
 */
export function downloadNetworks(
  sql: Sql,
  tenantId: TenantId,
  podcastIds: readonly string[],
  days: readonly Date[],
  hours: number,
): Promise<DownloadSource[]> {
  return sql(
    `SELECT shown.podcast_id AS "podcastId", shown.evidence, shown.day, n.asn::text AS source,
            count(*)::integer AS downloads
     FROM (${SHOWN}) shown
     CROSS JOIN LATERAL (
       SELECT network_id FROM listener_events
       WHERE tenant_id = $1 AND occurred_at = shown.settled_at AND event_id = shown.download_id OFFSET 0
     ) l
     JOIN networks n ON n.tenant_id = $1 AND n.id = l.network_id
     WHERE n.asn IS NOT NULL GROUP BY 1, 2, 3, 4`,
    [tenantId, podcastIds, days, hours],
  );
}
