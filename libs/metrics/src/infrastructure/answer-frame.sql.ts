import type { Sql } from '@lib/database';
import { utcDate, type TenantId } from '@lib/primitives';
import { WATERMARK, type MarkKind } from '@lib/time-series';
import type { CountedRange } from '../domain/read-range.js';
import { ALL_KEPT, type KeptRollups } from '../domain/retention/kept-rollups.js';
import { KEPT_ROLLUPS } from './retention/kept-rollups.sql.js';

/** A rule set that days were counted under, and the window of its downloads. */
export interface CountedUnder {
  id: string;
  version: string;
  window: string;
}

/** How fresh the rollups of a range are, and what they were counted by. */
export interface RollupState {
  /** Every event acknowledged before it is in them. Null on a replica that has not replayed a transaction yet. */
  asOf: Date | null;
  /** The rule sets under which the UTC days of the range are shown, in the order of their first day. */
  ruleSets: CountedUnder[];
  /** UTC days, `YYYY-MM-DD`, whose rollups have not followed a recount that was applied. */
  switchingDays: string[];
  /** Of the tenant's watermark: numbers of the same version are the same. */
  version: number;
}

/**
 * What an answer says about the rollups it comes from, and what is kept of them, in this transaction's snapshot; one
 * statement, since a round trip costs more than what it reads.
 *
 * Marks are older than the acknowledgement of their events, so the oldest one that waits is a safe bound; without one it
 * is the transaction's start, which is older than its snapshot. On a replica it is what the replica had replayed before
 * the snapshot was taken.
 *
 * What was heard in the first slice of a range follows from the 5 minutes before, too, so a mark there counts as one in it.
 *
 * A recount is applied to all of its days in one transaction, which leaves marks of exactly that moment; rollups are
 * rebuilt by day, each in one transaction with the removal of its marks. While they wait, the downloads of both rule sets
 * may stand in a day.
 *
 * @param asked whose rule sets are named
 * @param read the rollups that the answer comes from: `asked`, or more
 * @param replayedAt of the transaction, on a replica
 * @param stages what an event passes before it is in the numbers; their marks begin slices, hours or UTC days. Marks of new
 *   agents count whenever the agents' events happened
 */
export async function answerFrame(
  sql: Sql,
  tenantId: TenantId,
  asked: CountedRange,
  read: CountedRange,
  replayedAt: Date | null,
  stages: readonly MarkKind[],
): Promise<RollupState & { kept: KeptRollups }> {
  const rows = await sql<RollupState & { kept: KeptRollups | null }>(
    `WITH snapshot AS (
       SELECT CASE WHEN pg_is_in_recovery() THEN $4::timestamptz ELSE now() END AS taken_at
     ), waiting AS (
       SELECT bucket, marked_at FROM dirty_buckets
       WHERE tenant_id = $1 AND kind = ANY ($7::text[])
         AND bucket >= $2::timestamptz - interval '5 minutes' AND bucket < $3
       UNION ALL
       SELECT bucket, marked_at FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'agents' AND kind = ANY ($7::text[])
     ), switching AS (
       SELECT DISTINCT (bucket AT TIME ZONE 'UTC')::date::text AS day FROM waiting
       WHERE bucket >= $2 AND marked_at IN (SELECT decided_at FROM recounts WHERE tenant_id = $1 AND state = 'applied')
     ), counted AS (
       SELECT r.id, r.version, r.rules ->> 'window' AS "window", min(c.day) AS since
       FROM counted_days c JOIN rule_sets r ON r.tenant_id = $1 AND r.id = c.rule_set_id
       WHERE c.tenant_id = $1 AND c.day BETWEEN $5 AND $6
       GROUP BY 1, 2, 3
     )
     SELECT CASE WHEN taken_at IS NOT NULL
              THEN date_trunc('milliseconds', least(taken_at, now(), (SELECT min(marked_at) FROM waiting))) END AS "asOf",
            (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'version', version, 'window', "window") ORDER BY since, id),
                             '[]') FROM counted) AS "ruleSets",
            (SELECT coalesce(jsonb_agg(day ORDER BY day), '[]') FROM switching) AS "switchingDays",
            ${KEPT_ROLLUPS} AS kept,
            ${WATERMARK} AS version
     FROM snapshot`,
    [
      tenantId,
      new Date(read.from),
      new Date(read.to),
      replayedAt,
      utcDate(new Date(asked.from)),
      utcDate(new Date(asked.to - 1)),
      stages,
    ],
  );
  const { kept, ...state } = rows[0] ?? {
    asOf: null,
    ruleSets: [],
    switchingDays: [],
    version: 0,
    kept: null,
  };
  return { ...state, kept: kept ?? ALL_KEPT };
}
