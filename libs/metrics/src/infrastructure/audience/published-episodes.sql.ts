import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { CountedRange } from '../../domain/read-range.js';

/** When an episode came out, in milliseconds. */
export interface PublishedEpisode {
  readonly id: string;
  readonly publishedAtMs: number;
}

/** The episodes of a podcast that were published in `[from, to)`, oldest first. */
export async function publishedEpisodes(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  { from, to }: CountedRange,
): Promise<PublishedEpisode[]> {
  const rows = await sql<{ id: string; publishedAt: Date }>(
    `SELECT id, published_at AS "publishedAt" FROM episodes
     WHERE tenant_id = $1 AND podcast_id = $2 AND published_at >= $3 AND published_at < $4
     ORDER BY published_at, id`,
    [tenantId, podcastId, new Date(from), new Date(to)],
  );
  return rows.map(({ id, publishedAt }) => ({ id, publishedAtMs: publishedAt.getTime() }));
}
