import type { Sql } from '@lib/database';
import { utcDate, type TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { isByEpisode, type QueryShape } from '../../domain/query/metrics-query.js';
import type { CountedRange } from '../../domain/read-range.js';
import { NO_SHOW } from '../audience/audience-sets.js';

/** A show that may have had listeners, at one level. Ids and titles are null of what a question does not group by. */
export interface AudienceGroup {
  readonly evidence: RequestEvidence;
  readonly podcastId: string | null;
  readonly podcastTitle: string | null;
  readonly episodeId: string | null;
  readonly episodeTitle: string | null;
}

/**
 * The podcasts, episodes or both, each with its levels, that have a sketch of a UTC day which the range touches: at least
 * all that have listeners in it.
 *
 * @param asked is by one of podcast and episode at least
 */
export function audienceGroups(
  sql: Sql,
  tenantId: TenantId,
  asked: Pick<QueryShape, 'by' | 'podcastIds' | 'episodeIds' | 'evidence'>,
  { from, to }: CountedRange,
): Promise<AudienceGroup[]> {
  const of = (grouping: 'podcast' | 'episode', column: string) =>
    asked.by.includes(grouping) ? column : 'NULL';
  return sql(
    `SELECT DISTINCT k.evidence, ${of('podcast', 'k.podcast_id')} AS "podcastId", ${of('podcast', 'p.title')} AS "podcastTitle",
       ${of('episode', 'k.episode_id')} AS "episodeId", ${of('episode', 'e.title')} AS "episodeTitle"
     FROM (
       SELECT DISTINCT evidence, podcast_id, episode_id FROM audience_sketches
       WHERE tenant_id = $1 AND day >= $2::date AND day <= $3::date
         AND podcast_id <> ${NO_SHOW} AND (episode_id <> ${NO_SHOW}) = $4
     ) k
     LEFT JOIN podcasts p ON p.tenant_id = $1 AND p.id = k.podcast_id
     LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = k.episode_id
     WHERE ($5::uuid[] IS NULL OR k.podcast_id = ANY ($5)) AND ($6::uuid[] IS NULL OR k.episode_id = ANY ($6))
       AND ($7::text[] IS NULL OR k.evidence = ANY ($7))`,
    [
      tenantId,
      utcDate(new Date(from)),
      utcDate(new Date(to - 1)),
      isByEpisode(asked),
      asked.podcastIds ?? null,
      asked.episodeIds ?? null,
      asked.evidence ?? null,
    ],
  );
}
