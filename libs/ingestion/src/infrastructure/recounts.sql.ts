import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { RecountDifference, RecountRow } from '../domain/recount.js';

const COLUMNS = `id, rule_set_id AS "ruleSetId", first_day::text AS "firstDay", last_day::text AS "lastDay", state,
  done_through::text AS "doneThrough", requested_by AS "requestedBy", requested_at AS "requestedAt",
  counted_at AS "countedAt", decided_by AS "decidedBy", decided_at AS "decidedAt", error`;

/** Up to `limit` recounts of the tenant, the youngest first, after `after`. */
export function listRecounts(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(RecountRow & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, requested_at::text AS "sortKey" FROM recounts
     WHERE tenant_id = $1 AND (requested_at, id) < ($2::timestamptz, $3::uuid)
     ORDER BY recounts.requested_at DESC, id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

export async function findRecount(sql: Sql, tenantId: TenantId, id: string): Promise<RecountRow | undefined> {
  const rows = await sql<RecountRow>(`SELECT ${COLUMNS} FROM recounts WHERE tenant_id = $1 AND id = $2`, [
    tenantId,
    id,
  ]);
  return rows[0];
}

/** The recount that waits longest, locked against another worker; undefined when none waits. */
export async function nextRecount(sql: Sql, tenantId: TenantId): Promise<RecountRow | undefined> {
  const rows = await sql<RecountRow>(
    `SELECT ${COLUMNS} FROM recounts WHERE tenant_id = $1 AND state = 'queued'
     ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [tenantId],
  );
  return rows[0];
}

/** Stores a recount that is asked for now. Call it under `lockEpisodeFiles`: it knows files by this instant. */
export async function insertRecount(
  sql: Sql,
  tenantId: TenantId,
  recount: Pick<RecountRow, 'id' | 'ruleSetId' | 'firstDay' | 'lastDay' | 'requestedBy'>,
): Promise<void> {
  await sql(
    `INSERT INTO recounts (tenant_id, id, rule_set_id, first_day, last_day, requested_by, requested_at)
     VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())`,
    [tenantId, recount.id, recount.ruleSetId, recount.firstDay, recount.lastDay, recount.requestedBy],
  );
}

const FILES_AS_OF = (day: string) => `greatest((${day} + 1)::timestamp AT TIME ZONE 'UTC', r.requested_at)`;

/**
 * The instant by which a recount knows the files of a UTC day: when it was asked for, or the end of a day that was running
 * then. Text of a timestamptz.
 */
export async function filesAsOfRecount(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  day: string,
): Promise<string> {
  const rows = await sql<{ filesAsOf: string }>(
    `SELECT ${FILES_AS_OF('$3::date')}::text AS "filesAsOf" FROM recounts r WHERE r.tenant_id = $1 AND r.id = $2`,
    [tenantId, id, day],
  );
  if (rows[0] === undefined) throw new Error(`there is no recount ${id}`);
  return rows[0].filesAsOf;
}

/** Shows the days of a recount under its rule set from now on, with what it knows of files. */
export async function showRecount(sql: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql(
    `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
     SELECT $1, d.day, r.rule_set_id, ${FILES_AS_OF('d.day')}
     FROM recounts r CROSS JOIN LATERAL (
       SELECT n::date AS day FROM generate_series(r.first_day::timestamp, r.last_day, interval '1 day') AS n
     ) d
     WHERE r.tenant_id = $1 AND r.id = $2
     ON CONFLICT (tenant_id, day) DO UPDATE
       SET rule_set_id = EXCLUDED.rule_set_id, files_as_of = EXCLUDED.files_as_of, counted_at = EXCLUDED.counted_at`,
    [tenantId, id],
  );
}

/** Notes that a day is done; with the last one the recount is counted. */
export async function advanceRecount(sql: Sql, tenantId: TenantId, id: string, day: string): Promise<void> {
  await sql(
    `UPDATE recounts SET done_through = $3, state = CASE WHEN $3::date >= last_day THEN 'counted' ELSE state END,
            counted_at = CASE WHEN $3::date >= last_day THEN now() END
     WHERE tenant_id = $1 AND id = $2`,
    [tenantId, id, day],
  );
}

export async function failRecount(sql: Sql, tenantId: TenantId, id: string, error: string): Promise<void> {
  await sql(`UPDATE recounts SET state = 'failed', error = $3 WHERE tenant_id = $1 AND id = $2`, [
    tenantId,
    id,
    error,
  ]);
}

/** Settles a recount that is counted. False when it is not, or was decided already. */
export async function decideRecount(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  state: 'applied' | 'discarded',
  by: string,
): Promise<boolean> {
  const rows = await sql(
    `UPDATE recounts SET state = $3, decided_by = $4, decided_at = now()
     WHERE tenant_id = $1 AND id = $2 AND state = 'counted' RETURNING 1`,
    [tenantId, id, state, by],
  );
  return rows.length === 1;
}

/**
 * Marks everything that follows from the days of an applied recount: their slices to be counted, for what came in since,
 * and their rollups and audience, two days further back, since downloads that these days complete may begin before them.
 * The marks bear the moment of the decision, by which readers know which days have not followed it yet.
 */
export async function markSwitch(sql: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql(
    `WITH decided AS (
       SELECT first_day, last_day, decided_at FROM recounts WHERE tenant_id = $1 AND id = $2
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
     SELECT $1, kind, slice, r.decided_at
     FROM decided r,
       (VALUES ('count', 0, interval '5 minutes'), ('slice', 2, '5 minutes'), ('audience', 2, '24 hours'))
         AS k (kind, days_before, width),
       generate_series((r.first_day - days_before)::timestamp AT TIME ZONE 'UTC',
                       (r.last_day + 1)::timestamp AT TIME ZONE 'UTC' - width, width) AS slice`,
    [tenantId, id],
  );
}

/** What a recount would change, by day, podcast and reason. */
export function recountDifferences(sql: Sql, tenantId: TenantId, id: string): Promise<RecountDifference[]> {
  return sql<RecountDifference>(
    `SELECT day::text AS day, podcast_id AS "podcastId", evidence, outcome_before AS "outcomeBefore",
            outcome_after AS "outcomeAfter", cause, requests::float8 AS requests
     FROM recount_differences WHERE tenant_id = $1 AND recount_id = $2
     ORDER BY day, podcast_id, evidence, outcome_before, outcome_after, cause`,
    [tenantId, id],
  );
}

/** Stores the differences of one day, in the place of any from an earlier try. */
export async function storeDifferences(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  day: string,
  differences: readonly RecountDifference[],
): Promise<void> {
  await sql(`DELETE FROM recount_differences WHERE tenant_id = $1 AND recount_id = $2 AND day = $3`, [
    tenantId,
    id,
    day,
  ]);
  await sql(
    `INSERT INTO recount_differences (tenant_id, recount_id, day, podcast_id, evidence, outcome_before, outcome_after, cause,
                                      requests)
     SELECT $1, $2, $3, d.* FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[]) AS d`,
    [
      tenantId,
      id,
      day,
      differences.map(({ podcastId }) => podcastId),
      differences.map(({ evidence }) => evidence),
      differences.map(({ outcomeBefore }) => outcomeBefore),
      differences.map(({ outcomeAfter }) => outcomeAfter),
      differences.map(({ cause }) => cause),
      differences.map(({ requests }) => requests),
    ],
  );
}
