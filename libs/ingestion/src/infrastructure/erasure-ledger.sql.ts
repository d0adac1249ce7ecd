import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { PrivacyReport } from '../domain/privacy/privacy-request.js';

/** What has to be known of an erasure to do it again. Ids of 64 bits are texts. */
export interface LedgerEntry {
  readonly id: string;
  readonly listenerIds: readonly string[];
  readonly requestedBy: string;
  /** ISO 8601. */
  readonly requestedAt: string;
}

/** All erasures of the tenant, oldest first. */
export function erasureLedger(sql: Sql, tenantId: TenantId): Promise<LedgerEntry[]> {
  return sql<LedgerEntry>(
    `SELECT id, listener_ids AS "listenerIds", requested_by AS "requestedBy",
            to_char(requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS "requestedAt"
     FROM privacy_requests WHERE tenant_id = $1 AND kind = 'erasure' ORDER BY privacy_requests.requested_at, id`,
    [tenantId],
  );
}

/** Enters erasures that are not in the ledger. @returns how many were not */
export async function enterErasures(
  sql: Sql,
  tenantId: TenantId,
  entries: readonly LedgerEntry[],
  report: PrivacyReport,
): Promise<number> {
  let entered = 0;
  for (const { id, listenerIds, requestedBy, requestedAt } of entries) {
    const rows = await sql(
      `INSERT INTO privacy_requests (tenant_id, id, kind, listener_ids, requested_by, requested_at, report)
       VALUES ($1, $2, 'erasure', $3::bigint[], $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1 AS one`,
      [tenantId, id, listenerIds, requestedBy, requestedAt, JSON.stringify(report)],
    );
    entered += rows.length;
  }
  return entered;
}

/** Has every erasure of the tenant done again. @returns how many there are */
export async function requeueErasures(sql: Sql, tenantId: TenantId, report: PrivacyReport): Promise<number> {
  const rows = await sql(
    `UPDATE privacy_requests SET state = 'queued', done_at = NULL,
            report = jsonb_set($2::jsonb, '{foundFrom}', coalesce(report -> 'foundFrom', 'null'))
     WHERE tenant_id = $1 AND kind = 'erasure' RETURNING 1 AS one`,
    [tenantId, JSON.stringify(report)],
  );
  return rows.length;
}
