import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { UnrecordedReason, UnrecordedRequest } from '../domain/unrecorded-request.js';

/** What one process has counted so far of a podcast, a day and a reason. */
export interface UnrecordedTally extends UnrecordedRequest {
  readonly id: string;
  readonly requests: number;
}

/** Stores tallies of one tenant. Repeating it changes nothing: a tally holds all that it has ever counted. */
export async function saveUnrecordedTallies(
  sql: Sql,
  tenantId: TenantId,
  tallies: readonly UnrecordedTally[],
): Promise<void> {
  await sql(
    `INSERT INTO unrecorded_requests AS u (tenant_id, id, podcast_id, day, reason, requests)
     SELECT $1, n.id, n.podcast_id, n.day, n.reason, n.requests
     FROM unnest($2::uuid[], $3::uuid[], $4::date[], $5::text[], $6::bigint[])
       AS n (id, podcast_id, day, reason, requests)
     ON CONFLICT (tenant_id, id) DO UPDATE SET requests = greatest(u.requests, excluded.requests)`,
    [
      tenantId,
      tallies.map(({ id }) => id),
      tallies.map(({ podcastId }) => podcastId),
      tallies.map(({ day }) => day),
      tallies.map(({ reason }) => reason),
      tallies.map(({ requests }) => requests),
    ],
  );
}

/** Requests of one reason. */
export interface UnrecordedCount {
  reason: UnrecordedReason;
  requests: number;
}

/** The requests of some UTC days, both included, that are not recorded: of one podcast, or of all. By reason. */
export function unrecordedCounts(
  sql: Sql,
  tenantId: TenantId,
  { firstDay, lastDay }: { firstDay: string; lastDay: string },
  podcastId: string | null,
): Promise<UnrecordedCount[]> {
  return sql<UnrecordedCount>(
    `SELECT reason, sum(requests)::float8 AS requests FROM unrecorded_requests
     WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 AND ($4::uuid IS NULL OR podcast_id = $4)
     GROUP BY reason ORDER BY reason`,
    [tenantId, firstDay, lastDay, podcastId],
  );
}
