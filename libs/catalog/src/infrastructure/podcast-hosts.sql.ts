import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** A host to which requests for a podcast's files may be sent on. */
export interface PodcastHostRow {
  host: string;
  source: 'feed' | 'manual';
  /** When an enclosure last had it, or it was added by hand. */
  verifiedAt: Date;
}

const COLUMNS = 'host, source, verified_at AS "verifiedAt"';

/** The hosts of a podcast, by name. */
export function listHosts(sql: Sql, tenantId: TenantId, podcastId: string): Promise<PodcastHostRow[]> {
  return sql(`SELECT ${COLUMNS} FROM podcast_hosts WHERE tenant_id = $1 AND podcast_id = $2 ORDER BY host`, [
    tenantId,
    podcastId,
  ]);
}

/** Registers the hosts of enclosures. One that was added by hand stays so. */
export async function insertFeedHosts(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  hosts: readonly string[],
): Promise<void> {
  await sql(
    `INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source)
     SELECT $1, $2, host, 'feed' FROM unnest($3::text[]) AS h (host) ORDER BY host
     ON CONFLICT (tenant_id, podcast_id, host) DO UPDATE SET verified_at = EXCLUDED.verified_at`,
    [tenantId, podcastId, hosts],
  );
}

/** Registers a host by hand. One that a feed has brought is from now on one that a person wants. */
export async function insertManualHost(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  host: string,
): Promise<PodcastHostRow> {
  const [row] = await sql<PodcastHostRow>(
    `INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, $3, 'manual')
     ON CONFLICT (tenant_id, podcast_id, host) DO UPDATE SET source = 'manual', verified_at = EXCLUDED.verified_at
     RETURNING ${COLUMNS}`,
    [tenantId, podcastId, host],
  );
  if (row === undefined) throw new Error('an upsert returned no row');
  return row;
}

/** Whether there was such a host. */
export async function deleteHost(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  host: string,
): Promise<boolean> {
  const rows = await sql(
    `WITH gone AS (
       DELETE FROM podcast_hosts WHERE tenant_id = $1 AND podcast_id = $2 AND host = $3 RETURNING 1
     ) SELECT FROM gone`,
    [tenantId, podcastId, host],
  );
  return rows.length > 0;
}
