import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { SketchSeries } from '../../domain/audience/audience-parts.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import type { CountedRange } from '../../domain/read-range.js';
import { ANY_SHOW, NO_SHOW, type Show } from './audience-sets.js';

/** How the downloads of one level are spread over its listeners. */
export interface Concentration {
  readonly evidence: RequestEvidence;
  readonly listeners: number;
  /** Of those listeners; those of nobody known come on top. */
  readonly downloads: number;
  readonly unidentified: number;
  /** Downloads of the hundredth of the listeners who have most, rounded up. */
  readonly topHundredth: number;
  /** The same of the twentieth. */
  readonly topTwentieth: number;
}

/** Which series tells listeners apart over the range, at each level that is asked for. */
export type SeriesOfLevels = ReadonlyMap<RequestEvidence, SketchSeries>;

/**
 * Counts the shown downloads of each listener and ranks listeners by them; levels without downloads are left out. Reads
 * every download of the network in the range.
 */
export async function listenerConcentration(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: CountedRange,
  levels: SeriesOfLevels,
  shows: readonly Show[],
): Promise<Concentration[]> {
  const rows = await sql<
    Record<Exclude<keyof Concentration, 'evidence'>, string> & { evidence: RequestEvidence }
  >(
    `WITH listened AS (
       SELECT d.evidence, CASE l.series WHEN 'a' THEN d.audience_a ELSE d.audience_b END AS id, count(*) AS downloads
       FROM downloads d
       JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
       JOIN unnest($4::text[], $5::text[]) AS l (evidence, series) ON l.evidence = d.evidence
       WHERE d.tenant_id = $1 AND d.occurred_at >= $2 AND d.occurred_at < $3
         AND (${NO_SHOW} = ANY ($6::uuid[]) OR d.podcast_id = ANY ($6))
         AND (${NO_SHOW} = ANY ($7::uuid[]) OR d.episode_id = ANY ($7))
       GROUP BY 1, 2
     ), ranked AS (
       SELECT evidence, downloads, row_number() OVER (PARTITION BY evidence ORDER BY downloads DESC) AS place,
              count(*) OVER (PARTITION BY evidence) AS listeners
       FROM listened WHERE id IS NOT NULL
     ), of_nobody AS (
       SELECT evidence, downloads FROM listened WHERE id IS NULL
     ), of_listeners AS (
       SELECT evidence, max(listeners) AS listeners, sum(downloads) AS downloads,
              sum(downloads) FILTER (WHERE place <= (listeners + 99) / 100) AS hundredth,
              sum(downloads) FILTER (WHERE place <= (listeners + 19) / 20) AS twentieth
       FROM ranked GROUP BY evidence
     )
     SELECT evidence, coalesce(l.listeners, 0)::text AS listeners, coalesce(l.downloads, 0)::text AS downloads,
            coalesce(n.downloads, 0)::text AS unidentified, coalesce(l.hundredth, 0)::text AS "topHundredth",
            coalesce(l.twentieth, 0)::text AS "topTwentieth"
     FROM of_listeners l FULL JOIN of_nobody n USING (evidence)`,
    [
      tenantId,
      new Date(from),
      new Date(to),
      [...levels.keys()],
      [...levels.values()],
      shows.map(({ podcastId }) => podcastId ?? ANY_SHOW),
      shows.map(({ episodeId }) => episodeId ?? ANY_SHOW),
    ],
  );
  return rows.map(({ evidence, ...numbers }) => ({
    evidence,
    listeners: Number(numbers.listeners),
    downloads: Number(numbers.downloads),
    unidentified: Number(numbers.unidentified),
    topHundredth: Number(numbers.topHundredth),
    topTwentieth: Number(numbers.topTwentieth),
  }));
}
