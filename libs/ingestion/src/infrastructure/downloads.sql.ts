import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../domain/counting/download-request.js';

/** One row of `downloads`, without tenant, rule set and day. Ids of 64 bits are texts; times are ISO 8601 in UTC. */
export interface DownloadRow {
  readonly addressId: string;
  readonly downloadId: string;
  readonly occurredAt: string;
  readonly settledAt: string;
  readonly podcastId: string;
  readonly episodeId: string;
  readonly listenerId: string;
  readonly audienceA: string | null;
  readonly audienceB: string | null;
  readonly bytes: number | null;
  readonly evidence: RequestEvidence;
  readonly app: string;
  readonly device: string;
  readonly country: string;
}

/** Whose downloads: of the addresses after `after` up to `upTo`, and among these only of `only`; null sets no limit. */
export interface AddressRange {
  readonly after: string | null;
  readonly upTo: string | null;
  readonly only: readonly string[] | null;
}

/** Whose day: a tenant's UTC day, `YYYY-MM-DD`, under one rule set. */
export interface CountedDay {
  readonly tenantId: TenantId;
  readonly ruleSetId: string;
  readonly day: string;
}

const iso = (column: string) => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The downloads that a day owns, of some addresses. */
export function storedDownloads(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  { after, upTo, only }: AddressRange,
): Promise<DownloadRow[]> {
  return sql<DownloadRow>(
    `SELECT address_day_id AS "addressId", download_id AS "downloadId", ${iso('occurred_at')} AS "occurredAt",
            ${iso('settled_at')} AS "settledAt", podcast_id AS "podcastId", episode_id AS "episodeId",
            listener_id AS "listenerId", audience_a AS "audienceA", audience_b AS "audienceB", bytes::float8 AS bytes,
            evidence, app, device, country
     FROM downloads
     WHERE tenant_id = $1 AND rule_set_id = $2 AND settled_day = $3
       AND ($4::bigint IS NULL OR address_day_id > $4) AND ($5::bigint IS NULL OR address_day_id <= $5)
       AND ($6::bigint[] IS NULL OR address_day_id = ANY ($6))`,
    [tenantId, ruleSetId, day, after, upTo, only],
  );
}

/** Removes downloads by what names them. */
export async function removeDownloads(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  gone: readonly DownloadRow[],
): Promise<void> {
  if (gone.length === 0) return;
  await sql(
    `DELETE FROM downloads d
     USING unnest($4::bigint[], $5::uuid[], $6::timestamptz[]) AS g (address_day_id, download_id, settled_at)
     WHERE d.tenant_id = $1 AND d.rule_set_id = $2 AND d.settled_day = $3 AND d.address_day_id = g.address_day_id
       AND d.download_id = g.download_id AND d.settled_at = g.settled_at`,
    [
      tenantId,
      ruleSetId,
      day,
      gone.map((row) => row.addressId),
      gone.map((row) => row.downloadId),
      gone.map((row) => row.settledAt),
    ],
  );
}

/** Stores downloads that are not there. */
export async function insertDownloads(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  rows: readonly DownloadRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql(
    `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, audience_a, audience_b, bytes, evidence, app, device,
                            country)
     SELECT $1, $2, $3, d.*
     FROM unnest($4::bigint[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::uuid[], $9::uuid[], $10::bigint[],
                 $11::bigint[], $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[]) AS d`,
    [
      tenantId,
      ruleSetId,
      day,
      rows.map((row) => row.addressId),
      rows.map((row) => row.downloadId),
      rows.map((row) => row.occurredAt),
      rows.map((row) => row.settledAt),
      rows.map((row) => row.podcastId),
      rows.map((row) => row.episodeId),
      rows.map((row) => row.listenerId),
      rows.map((row) => row.audienceA),
      rows.map((row) => row.audienceB),
      rows.map((row) => row.bytes),
      rows.map((row) => row.evidence),
      rows.map((row) => row.app),
      rows.map((row) => row.device),
      rows.map((row) => row.country),
    ],
  );
}

/** Removes what a recount counted beside what is shown. Days that are shown under the same rule set are left alone. */
export async function dropUnshownDownloads(
  sql: Sql,
  tenantId: TenantId,
  { ruleSetId, firstDay, lastDay }: { ruleSetId: string; firstDay: string; lastDay: string },
): Promise<void> {
  await sql(
    `DELETE FROM downloads d WHERE d.tenant_id = $1 AND d.rule_set_id = $2 AND d.settled_day BETWEEN $3 AND $4
       AND NOT EXISTS (SELECT FROM counted_days c WHERE c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = $2)`,
    [tenantId, ruleSetId, firstDay, lastDay],
  );
}
