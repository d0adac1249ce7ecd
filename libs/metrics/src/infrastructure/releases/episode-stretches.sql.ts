import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { GrainStretch } from '../../domain/cover-with-grains.js';
import type { Evidence } from '../../domain/event-metrics.js';

/** A stretch of an episode's own. */
export interface EpisodeStretch extends GrainStretch {
  readonly episodeId: string;
}

/** Downloads of an episode in one bucket. */
export interface EpisodeSum {
  episodeId: string;
  evidence: Evidence;
  bucket: number;
  downloads: number;
}

/**
 * Downloads of some episodes, each in stretches of its own, by bucket. Reads rollups only.
 *
 * @param starts ascending starts of the buckets in UTC milliseconds; what lies before the first is in bucket −1
 */
export function sumEpisodeStretches(
  sql: Sql,
  tenantId: TenantId,
  stretches: readonly EpisodeStretch[],
  starts: readonly number[],
): Promise<EpisodeSum[]> {
  return sql(
    `SELECT s.episode_id AS "episodeId", m.evidence, width_bucket(m.bucket, $6::timestamptz[]) - 1 AS bucket,
            sum(m.value)::float8 AS downloads
     FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS s (episode_id, grain, low, high)
     CROSS JOIN LATERAL (
       SELECT evidence, bucket, value FROM listener_metrics
       WHERE tenant_id = $1 AND episode_id = s.episode_id AND grain = s.grain AND metric = 'downloads'
         AND dimension = 'none' AND bucket >= s.low AND bucket < s.high
       OFFSET 0
     ) m
     GROUP BY 1, 2, 3`,
    [
      tenantId,
      stretches.map(({ episodeId }) => episodeId),
      stretches.map(({ grain }) => grain),
      stretches.map(({ from }) => new Date(from).toISOString()),
      stretches.map(({ to }) => new Date(to).toISOString()),
      starts.map((start) => new Date(start).toISOString()),
    ],
  );
}
