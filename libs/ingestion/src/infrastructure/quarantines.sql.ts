import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { Suspicion } from '../domain/invalid-traffic/traffic-day.js';

/** A finding, and what a person decided about it. It names no listener: the id of an address is one of a single day. */
export interface QuarantineRow {
  id: string;
  day: string;
  detector: Suspicion['detector'];
  podcastId: string | null;
  /** Whether it is about one address, which a rule set can leave out. */
  isAddress: boolean;
  requests: number;
  downloads: number;
  evidence: object;
  state: 'open' | 'confirmed' | 'dismissed';
  foundAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  note: string | null;
}

const COLUMNS = `id, day::text AS day, detector, podcast_id AS "podcastId", address_day_id IS NOT NULL AS "isAddress",
  requests::float8 AS requests, downloads::float8 AS downloads, evidence, state, found_at AS "foundAt",
  decided_by AS "decidedBy", decided_at AS "decidedAt", note`;

/**
 * Up to `limit` findings after `after`, the youngest day first, and of one day those with most downloads. Their sort key is
 * the day and the downloads.
 * @param state only these; null for all
 */
export function listQuarantines(
  sql: Sql,
  tenantId: TenantId,
  state: QuarantineRow['state'] | null,
  limit: number,
  after: ListPosition,
): Promise<(QuarantineRow & ListPosition)[]> {
  const [day, downloads] = after.sortKey.split(' ');
  return sql(
    `SELECT ${COLUMNS}, day::text || ' ' || downloads AS "sortKey" FROM quarantines
     WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2)
       AND (day, quarantines.downloads, id) < ($3::date, coalesce($4::bigint, 9223372036854775807), $5::uuid)
     ORDER BY quarantines.day DESC, quarantines.downloads DESC, id DESC LIMIT $6`,
    [tenantId, state, day, downloads, after.id, limit],
  );
}

/** Stores the findings of a day. What a person decided stays; figures of open findings are renewed. */
export async function keepSuspicions(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  found: readonly Suspicion[],
): Promise<void> {
  if (found.length === 0) return;
  await sql(
    `INSERT INTO quarantines (tenant_id, day, id, detector, subject, address_day_id, podcast_id, requests, downloads, evidence)
     SELECT $1, $2, q.* FROM unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::uuid[], $8::bigint[], $9::bigint[],
                                    $10::jsonb[]) AS q
     ON CONFLICT (tenant_id, day, detector, subject) DO UPDATE
       SET requests = EXCLUDED.requests, downloads = EXCLUDED.downloads, evidence = EXCLUDED.evidence
       WHERE quarantines.state = 'open'`,
    [
      tenantId,
      day,
      found.map(() => randomUUID()),
      found.map(({ detector }) => detector),
      found.map(({ subject }) => subject),
      found.map(({ addressId }) => addressId),
      found.map(({ podcastId }) => podcastId),
      found.map(({ requests }) => requests),
      found.map(({ downloads }) => downloads),
      found.map(({ evidence }) => JSON.stringify(evidence)),
    ],
  );
}

/** Decides about a finding, also anew. Undefined when there is none with that id. */
export async function decideQuarantine(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  decision: { state: QuarantineRow['state']; by: string; note: string | null },
): Promise<QuarantineRow | undefined> {
  const rows = await sql<QuarantineRow>(
    `WITH decided AS (
       UPDATE quarantines SET state = $3, decided_by = $4, decided_at = now(), note = $5
       WHERE tenant_id = $1 AND id = $2 RETURNING *
     ) SELECT ${COLUMNS} FROM decided`,
    [tenantId, id, decision.state, decision.by, decision.note],
  );
  return rows[0];
}

/** Of some findings, those that are confirmed and about an address. */
export async function confirmedAddresses(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ id: string }>(
    `SELECT id FROM quarantines
     WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND state = 'confirmed' AND address_day_id IS NOT NULL`,
    [tenantId, ids],
  );
  return rows.map(({ id }) => id);
}

/** The addresses of a UTC day, by their ids of that day, that some findings are about. */
export async function excludedAddresses(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  quarantineIds: readonly string[],
): Promise<Set<string>> {
  if (quarantineIds.length === 0) return new Set();
  const rows = await sql<{ addressId: string }>(
    `SELECT address_day_id AS "addressId" FROM quarantines
     WHERE tenant_id = $1 AND day = $2 AND id = ANY ($3::uuid[]) AND address_day_id IS NOT NULL`,
    [tenantId, day, quarantineIds],
  );
  return new Set(rows.map(({ addressId }) => addressId));
}
