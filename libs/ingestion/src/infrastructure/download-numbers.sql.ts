import type { TenantId } from '@lib/primitives';

/** Days and podcasts whose downloads are wanted. */
export interface NumberScope {
  /** UTC days, `YYYY-MM-DD`, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Null is every podcast. */
  readonly podcastIds: readonly string[] | null;
}

/**
 * SQL of the downloads that are shown, by UTC day of their first piece, episode, evidence and rule set: those of the rule
 * set under which the day that owns them is shown. Where retention has removed them, rollups say how many they were.
 * Expects what `scopeParams` gives.
 */
export const DOWNLOAD_NUMBERS = `
  SELECT (d.occurred_at AT TIME ZONE 'UTC')::date AS day, d.podcast_id, d.episode_id, d.evidence, d.rule_set_id,
         count(*) AS downloads
  FROM downloads d
  JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
  WHERE d.tenant_id = $1 AND d.occurred_at >= ($2::date::timestamp AT TIME ZONE 'UTC')
    AND d.occurred_at < (($3::date + 1)::timestamp AT TIME ZONE 'UTC')
    AND d.occurred_at >= coalesce((SELECT downloads_from FROM retention_horizons WHERE tenant_id = $1), '-infinity')
    AND ($4::uuid[] IS NULL OR d.podcast_id = ANY ($4))
  GROUP BY 1, 2, 3, 4, 5
  UNION ALL
  SELECT (m.bucket AT TIME ZONE 'UTC')::date, m.podcast_id, m.episode_id, m.evidence, m.rule_set_id, m.value
  FROM listener_metrics m
  JOIN retention_horizons h ON h.tenant_id = $1
  WHERE m.tenant_id = $1 AND m.grain = 'day' AND m.metric = 'downloads' AND m.dimension = 'none'
    AND m.bucket >= ($2::date::timestamp AT TIME ZONE 'UTC')
    AND m.bucket < least(($3::date + 1)::timestamp AT TIME ZONE 'UTC', coalesce(h.downloads_from, '-infinity'))
    AND ($4::uuid[] IS NULL OR m.podcast_id = ANY ($4))`;

/** The parameters that DOWNLOAD_NUMBERS expects. */
export function scopeParams(tenantId: TenantId, { firstDay, lastDay, podcastIds }: NumberScope): unknown[] {
  return [tenantId, firstDay, lastDay, podcastIds];
}
