import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../../domain/cover-with-grains.js';
import type { Evidence } from '../../domain/event-metrics.js';

/** Downloads of a podcast in one bucket. */
export interface PodcastSum {
  podcastId: string;
  evidence: Evidence;
  bucket: number;
  downloads: number;
}

/** Downloads of every podcast, or of one, by bucket. Reads totals only. See `sumEpisodeStretches`. */
export function sumPodcastStretches(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string | null,
  stretches: readonly GrainStretch[],
  starts: readonly number[],
): Promise<PodcastSum[]> {
  return sql(
    `SELECT p.id AS "podcastId", m.evidence, width_bucket(m.bucket, $6::timestamptz[]) - 1 AS bucket,
            sum(m.value)::float8 AS downloads
     FROM podcasts p
     CROSS JOIN unnest($3::text[], $4::timestamptz[], $5::timestamptz[]) AS s (grain, low, high)
     CROSS JOIN LATERAL (
       SELECT evidence, bucket, value FROM listener_totals
       WHERE tenant_id = $1 AND podcast_id = p.id AND grain = s.grain AND metric = 'downloads'
         AND dimension = 'none' AND bucket >= s.low AND bucket < s.high
       OFFSET 0
     ) m
     WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.id = $2)
     GROUP BY 1, 2, 3`,
    [
      tenantId,
      podcastId,
      stretches.map(({ grain }) => grain),
      stretches.map(({ from }) => new Date(from).toISOString()),
      stretches.map(({ to }) => new Date(to).toISOString()),
      starts.map((start) => new Date(start).toISOString()),
    ],
  );
}
