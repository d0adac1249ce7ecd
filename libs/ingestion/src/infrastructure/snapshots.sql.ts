import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { Snapshot, SnapshotNumber, SnapshotTotal } from '../domain/snapshot.js';
import { DOWNLOAD_NUMBERS, scopeParams } from './download-numbers.sql.js';

const COLUMNS = `id, name, first_day::text AS "firstDay", last_day::text AS "lastDay", podcast_id AS "podcastId",
  created_by AS "createdBy", created_at AS "createdAt"`;

/** Up to `limit` snapshots, the youngest first, after `after`. */
export function listSnapshots(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(Snapshot & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, created_at::text AS "sortKey" FROM snapshots
     WHERE tenant_id = $1 AND (created_at, id) < ($2::timestamptz, $3::uuid)
     ORDER BY snapshots.created_at DESC, id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}

/** One snapshot, or undefined when the tenant has none with that id. */
export async function findSnapshot(sql: Sql, tenantId: TenantId, id: string): Promise<Snapshot | undefined> {
  const rows = await sql<Snapshot>(`SELECT ${COLUMNS} FROM snapshots WHERE tenant_id = $1 AND id = $2`, [
    tenantId,
    id,
  ]);
  return rows[0];
}

/** Stores a snapshot without its numbers. False when its name is taken. */
export async function insertSnapshot(
  sql: Sql,
  tenantId: TenantId,
  { id, name, firstDay, lastDay, podcastId, createdBy }: Omit<Snapshot, 'createdAt'>,
): Promise<boolean> {
  const rows = await sql(
    `INSERT INTO snapshots (tenant_id, id, name, first_day, last_day, podcast_id, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, name) DO NOTHING RETURNING 1`,
    [tenantId, id, name, firstDay, lastDay, podcastId, createdBy],
  );
  return rows.length === 1;
}

/** Copies the downloads that are shown into a snapshot: one statement, hence one state of the database. */
export async function copyNumbers(
  sql: Sql,
  tenantId: TenantId,
  snapshot: Omit<Snapshot, 'createdAt'>,
): Promise<void> {
  await sql(
    `INSERT INTO snapshot_numbers (tenant_id, snapshot_id, day, podcast_id, episode_id, evidence, rule_set_id, downloads)
     SELECT $1, $5, n.* FROM (${DOWNLOAD_NUMBERS}) n`,
    snapshotParams(tenantId, snapshot),
  );
}

function snapshotParams(tenantId: TenantId, snapshot: Omit<Snapshot, 'createdAt'>): unknown[] {
  const podcastIds = snapshot.podcastId === null ? null : [snapshot.podcastId];
  return [...scopeParams(tenantId, { ...snapshot, podcastIds }), snapshot.id];
}

/** Numbers by what they are of, each with the versions of the rule sets that it was counted under. */
const byEpisode = (numbers: string) => `
  SELECT n.day, n.podcast_id, n.episode_id, n.evidence, sum(n.downloads) AS downloads,
         array_agg(r.version ORDER BY r.version) AS versions
  FROM (${numbers}) n JOIN rule_sets r ON r.tenant_id = $1 AND r.id = n.rule_set_id
  GROUP BY 1, 2, 3, 4`;

/** Of days of which not even counts are kept, what was promised is all that is known. */
const SHOWN = `${DOWNLOAD_NUMBERS}
  UNION ALL
  SELECT day, podcast_id, episode_id, evidence, rule_set_id, downloads FROM snapshot_numbers
  WHERE tenant_id = $1 AND snapshot_id = $5
    AND day < (SELECT (days_from AT TIME ZONE 'UTC')::date FROM retention_horizons WHERE tenant_id = $1)`;

const COMPARED = `
  SELECT day, podcast_id AS "podcastId", episode_id AS "episodeId", evidence,
         coalesce(f.downloads, 0)::float8 AS was, coalesce(s.downloads, 0)::float8 AS "wouldBe",
         coalesce(f.versions, '{}') AS "wasUnder", coalesce(s.versions, '{}') AS "wouldBeUnder"
  FROM (${byEpisode(`SELECT day, podcast_id, episode_id, evidence, rule_set_id, downloads FROM snapshot_numbers
                     WHERE tenant_id = $1 AND snapshot_id = $5`)}) f
  FULL JOIN (${byEpisode(SHOWN)}) s USING (day, podcast_id, episode_id, evidence)`;

/** The frozen sums beside those that are shown now, by evidence. */
export function snapshotTotals(sql: Sql, tenantId: TenantId, snapshot: Snapshot): Promise<SnapshotTotal[]> {
  return sql<SnapshotTotal>(
    `SELECT evidence, sum(was) AS was, sum("wouldBe") AS "wouldBe",
            (count(*) FILTER (WHERE was <> "wouldBe"))::integer AS differing
     FROM (${COMPARED}) c GROUP BY 1 ORDER BY 1`,
    snapshotParams(tenantId, snapshot),
  );
}

/** Where a list of numbers goes on: what its last number is of. */
export interface NumberPosition {
  readonly day: string;
  readonly episodeId: string;
  readonly evidence: string;
}

/** The frozen numbers beside those that are shown now, by day, episode and evidence, after a position. */
export function snapshotNumbers(
  sql: Sql,
  tenantId: TenantId,
  snapshot: Snapshot,
  after: NumberPosition,
  limit: number,
): Promise<SnapshotNumber[]> {
  return sql<SnapshotNumber>(
    `SELECT c.*, c.day::text AS day FROM (${COMPARED}) c
     WHERE (c.day, "episodeId", evidence) > ($6::date, $7::uuid, $8) ORDER BY c.day, "episodeId", evidence LIMIT $9`,
    [...snapshotParams(tenantId, snapshot), after.day, after.episodeId, after.evidence, limit],
  );
}
