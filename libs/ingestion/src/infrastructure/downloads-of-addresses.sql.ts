import type { Sql } from '@lib/database';
import type { CountedDay } from './downloads.sql.js';

/** A stored download: the request that completed it, whose it is and of what. Ids of 64 bits are texts. */
export interface CompletedDownload {
  readonly downloadId: string;
  readonly listenerId: string;
  readonly episodeId: string;
}

/** The downloads that some addresses completed on a UTC day under a rule set. */
export function downloadsOfAddresses(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  addressIds: readonly string[],
): Promise<CompletedDownload[]> {
  return sql<CompletedDownload>(
    `SELECT download_id AS "downloadId", listener_id AS "listenerId", episode_id AS "episodeId" FROM downloads
     WHERE tenant_id = $1 AND rule_set_id = $2 AND settled_day = $3 AND address_day_id = ANY ($4::bigint[])`,
    [tenantId, ruleSetId, day, addressIds],
  );
}
