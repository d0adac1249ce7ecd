import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeFile } from '../domain/episode-file.js';
import { noteWrittenFiles } from './note-written-files.sql.js';

/** What became of a file that was given. */
export interface StoredEpisodeFile {
  readonly mediaKey: string;
  /** Episodes that have it. */
  readonly episodes: number;
  /** Those among them of which something was changed. */
  readonly changed: number;
}

/**
 * Sets what is given of files, for every episode that has them, archived or not; source `import`. What is null stays.
 * @param files each media key once
 */
export async function updateEpisodeFiles(
  sql: Sql,
  tenantId: TenantId,
  files: readonly EpisodeFile[],
): Promise<StoredEpisodeFile[]> {
  const rows = await sql<StoredEpisodeFile & { ids: string[] }>(
    `WITH given AS (
       SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[])
         AS g (media_key, media_bytes, header_bytes, duration_seconds, segment_ms)
     ), changed AS (
       UPDATE episodes e SET
         media_bytes = coalesce(g.media_bytes, e.media_bytes),
         media_bytes_source = CASE WHEN g.media_bytes IS NULL THEN e.media_bytes_source ELSE 'import' END,
         header_bytes = coalesce(g.header_bytes, e.header_bytes),
         header_bytes_source = CASE WHEN g.header_bytes IS NULL THEN e.header_bytes_source ELSE 'import' END,
         duration_seconds = coalesce(g.duration_seconds, e.duration_seconds),
         duration_source = CASE WHEN g.duration_seconds IS NULL THEN e.duration_source ELSE 'import' END,
         segment_ms = coalesce(g.segment_ms, e.segment_ms),
         updated_at = now()
       FROM given g
       WHERE e.tenant_id = $1 AND e.media_key = g.media_key AND (
         (g.media_bytes IS NOT NULL AND (g.media_bytes, 'import') IS DISTINCT FROM (e.media_bytes, e.media_bytes_source))
         OR (g.header_bytes IS NOT NULL
             AND (g.header_bytes, 'import') IS DISTINCT FROM (e.header_bytes, e.header_bytes_source))
         OR (g.duration_seconds IS NOT NULL
             AND (g.duration_seconds, 'import') IS DISTINCT FROM (e.duration_seconds, e.duration_source))
         OR (g.segment_ms IS NOT NULL AND g.segment_ms IS DISTINCT FROM e.segment_ms))
       RETURNING e.id
     )
     SELECT g.media_key AS "mediaKey", count(e.id)::integer AS episodes, count(c.id)::integer AS changed,
            coalesce(array_agg(c.id) FILTER (WHERE c.id IS NOT NULL), '{}') AS ids
     FROM given g
     LEFT JOIN episodes e ON e.tenant_id = $1 AND e.media_key = g.media_key
     LEFT JOIN changed c ON c.id = e.id
     GROUP BY 1`,
    [
      tenantId,
      files.map((file) => file.mediaKey),
      files.map((file) => file.fileBytes),
      files.map((file) => file.headerBytes),
      files.map((file) => file.durationSeconds),
      files.map((file) => file.segmentMs),
    ],
  );
  await noteWrittenFiles(
    sql,
    tenantId,
    rows.flatMap(({ ids }) => ids),
  );
  return rows.map(({ mediaKey, episodes, changed }) => ({ mediaKey, episodes, changed }));
}
