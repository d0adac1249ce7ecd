import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeSizes } from '../domain/counting/download-request.js';

/** What was known of the files of some episodes, each at its own instant, by episode; see {@link fileAsOf}. */
export async function episodeSizes(
  sql: Sql,
  tenantId: TenantId,
  instants: ReadonlyMap<string, string>,
): Promise<Map<string, EpisodeSizes>> {
  const rows = await sql<{ id: string } & EpisodeSizes>(
    `SELECT e.id, f.media_bytes::float8 AS "fileBytes", f.header_bytes::float8 AS "headerBytes",
            f.duration_seconds AS "durationSeconds"
     FROM unnest($2::uuid[], $3::timestamptz[]) AS e (id, instant)
     CROSS JOIN LATERAL (${fileAsOf('e.id', 'e.instant')}) f`,
    [tenantId, [...instants.keys()], [...instants.values()]],
  );
  return new Map(rows.map(({ id, ...sizes }) => [id, sizes]));
}

/**
 * SQL: the row of `episode_files` that holds for an episode of tenant `$1` at an instant. Of an episode that came later it
 * is the first one: requests for a file may come in before the episode that has it.
 */
export function fileAsOf(episodeId: string, instant: string): string {
  return `SELECT media_bytes, header_bytes, duration_seconds FROM episode_files
          WHERE tenant_id = $1 AND episode_id = ${episodeId}
          ORDER BY known_from > ${instant}, CASE WHEN known_from <= ${instant} THEN known_from END DESC, known_from
          LIMIT 1`;
}
