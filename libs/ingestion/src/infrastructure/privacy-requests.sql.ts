import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { PrivacyReport, PrivacyRequest } from '../domain/privacy/privacy-request.js';

const COLUMNS = `id, kind, listener_ids AS "listenerIds", state, requested_by AS "requestedBy",
  requested_at AS "requestedAt", done_at AS "doneAt", report`;

/** Up to `limit` requests of the tenant's listeners, the youngest first, after `after`. */
export function listPrivacyRequests(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(PrivacyRequest & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, requested_at::text AS "sortKey" FROM privacy_requests
     WHERE tenant_id = $1 AND (requested_at, id) < ($2::timestamptz, $3::uuid)
     ORDER BY privacy_requests.requested_at DESC, id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

export async function findPrivacyRequest(
  sql: Sql,
  tenantId: TenantId,
  id: string,
): Promise<PrivacyRequest | undefined> {
  const rows = await sql<PrivacyRequest>(
    `SELECT ${COLUMNS} FROM privacy_requests WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id],
  );
  return rows[0];
}

export async function insertPrivacyRequest(
  sql: Sql,
  tenantId: TenantId,
  request: Pick<PrivacyRequest, 'id' | 'kind' | 'listenerIds' | 'requestedBy' | 'report'>,
): Promise<void> {
  await sql(
    `INSERT INTO privacy_requests (tenant_id, id, kind, listener_ids, requested_by, report)
     VALUES ($1, $2, $3, $4::bigint[], $5, $6)`,
    [
      tenantId,
      request.id,
      request.kind,
      request.listenerIds,
      request.requestedBy,
      JSON.stringify(request.report),
    ],
  );
}

/** Whose turn has come: see {@link nextPrivacyRequest}. */
export interface PrivacyTurns {
  /** Requests that are older are begun. */
  readonly askedBefore: Date;
  /** Requests whose days were searched before are finished. */
  readonly searchedBefore: Date;
}

/** The request that waits longest of those whose turn has come, locked against another worker. */
export async function nextPrivacyRequest(
  sql: Sql,
  tenantId: TenantId,
  { askedBefore, searchedBefore }: PrivacyTurns,
): Promise<PrivacyRequest | undefined> {
  const rows = await sql<PrivacyRequest>(
    `SELECT ${COLUMNS} FROM privacy_requests
     WHERE tenant_id = $1 AND state = 'queued' AND requested_at < $2
       AND (report ->> 'searchedAt' IS NULL OR (report ->> 'searchedAt')::timestamptz < $3)
     ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [tenantId, askedBefore, searchedBefore],
  );
  return rows[0];
}

/** Whether the tenant has requests that are not done. */
export async function hasQueuedRequests(sql: Sql, tenantId: TenantId): Promise<boolean> {
  const [row] = await sql<{ some: boolean }>(
    `SELECT EXISTS (SELECT FROM privacy_requests WHERE tenant_id = $1 AND state = 'queued') AS some`,
    [tenantId],
  );
  return row?.some === true;
}

/** Notes how far a request is. */
export async function noteProgress(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  report: PrivacyReport,
): Promise<void> {
  await sql(`UPDATE privacy_requests SET report = $3 WHERE tenant_id = $1 AND id = $2`, [
    tenantId,
    id,
    JSON.stringify(report),
  ]);
}

export async function finishRequest(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  report: PrivacyReport,
): Promise<void> {
  await sql(
    `UPDATE privacy_requests SET state = 'done', done_at = now(), report = $3 WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, JSON.stringify(report)],
  );
}
