import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { EpisodeSizes } from '../domain/counting/download-request.js';

/** What is known of the files of some episodes, by episode. */
export async function episodeSizes(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<Map<string, EpisodeSizes>> {
  const rows = await sql<{ id: string } & EpisodeSizes>(
    `SELECT id, media_bytes::float8 AS "fileBytes", header_bytes::float8 AS "headerBytes",
            duration_seconds AS "durationSeconds"
     FROM episodes WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`,
    [tenantId, ids],
  );
  return new Map(rows.map(({ id, ...sizes }) => [id, sizes]));
}
