import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import type { SeriesOfLevels } from './listener-concentration.sql.js';
import type { PublishedEpisode } from './published-episodes.sql.js';

/** Subscribers at one level whose downloads were by one app. */
export interface SubscriberApp {
  readonly evidence: RequestEvidence;
  readonly app: string;
  readonly subscribers: number;
}

/**
 * The apps of listeners who downloaded at least `needed` of some episodes within `windowMs` after each came out, most used
 * first. A listener is an address and a user agent, so all downloads of one are by one app, unless what is known of agents
 * changed meanwhile: then the app of most of them counts. Reads the network's downloads in those windows.
 */
export async function subscriberApps(
  sql: Sql,
  tenantId: TenantId,
  episodes: readonly PublishedEpisode[],
  windowMs: number,
  needed: number,
  levels: SeriesOfLevels,
): Promise<SubscriberApp[]> {
  const rows = await sql<{ evidence: RequestEvidence; app: string; subscribers: string }>(
    `WITH early AS (
       SELECT p.episode_id, d.evidence, d.app, CASE l.series WHEN 'a' THEN d.audience_a ELSE d.audience_b END AS id
       FROM unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) AS p (episode_id, low, high)
       CROSS JOIN LATERAL (
         SELECT d.evidence, d.app, d.audience_a, d.audience_b
         FROM downloads d
         JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
         WHERE d.tenant_id = $1 AND d.occurred_at >= p.low AND d.occurred_at < p.high AND d.episode_id = p.episode_id
         OFFSET 0
       ) d
       JOIN unnest($5::text[], $6::text[]) AS l (evidence, series) ON l.evidence = d.evidence
     ), subscribers AS (
       SELECT evidence, id, mode() WITHIN GROUP (ORDER BY app) AS app
       FROM early WHERE id IS NOT NULL
       GROUP BY 1, 2 HAVING count(DISTINCT episode_id) >= $7::integer
     )
     SELECT evidence, app, count(*)::text AS subscribers FROM subscribers GROUP BY 1, 2 ORDER BY 1, count(*) DESC, 2`,
    [
      tenantId,
      episodes.map(({ id }) => id),
      episodes.map(({ publishedAtMs }) => new Date(publishedAtMs).toISOString()),
      episodes.map(({ publishedAtMs }) => new Date(publishedAtMs + windowMs).toISOString()),
      [...levels.keys()],
      [...levels.values()],
      needed,
    ],
  );
  return rows.map((row) => ({ ...row, subscribers: Number(row.subscribers) }));
}
