import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { MAX_PATH_LENGTH } from '../domain/storable-event.js';
import type { LocatedPath } from '../domain/access-log/locate-paths.js';
import { withoutNestedLoops } from './without-nested-loops.sql.js';

/** A text of the dictionary of paths: host and path of a request. */
export interface StoredPath {
  readonly id: string;
  readonly value: string;
}

/**
 * The stored paths that can be those of some files: by their ids, which are hashes of the text, and, for streams, every
 * path of their hosts. Paths that were cut to fit are left out, since their end is not known.
 */
export function pathsLike(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly bigint[],
  streamHosts: readonly string[],
): Promise<StoredPath[]> {
  return sql<StoredPath>(
    `SELECT id, value FROM paths
     WHERE tenant_id = $1 AND id = ANY ($2::bigint[]) AND length(value) < ${MAX_PATH_LENGTH}
     UNION
     SELECT id, value FROM paths
     WHERE cardinality($3::text[]) > 0 AND tenant_id = $1 AND split_part(value, '/', 1) = ANY ($3)
       AND length(value) < ${MAX_PATH_LENGTH}`,
    [tenantId, ids, streamHosts],
  );
}

/** When the first request, from `from` on, came in that asked for one of some paths and has no episode; null for none. */
export async function firstUnlocated(
  sql: Sql,
  tenantId: TenantId,
  pathIds: readonly string[],
  from: Date,
): Promise<Date | null> {
  const [row] = await sql<{ first: Date | null }>(
    `SELECT min(occurred_at) AS first FROM listener_events
     WHERE tenant_id = $1 AND path_id = ANY ($2::bigint[]) AND episode_id IS NULL AND occurred_at >= $3`,
    [tenantId, pathIds, from],
  );
  return row?.first ?? null;
}

/**
 * Gives the requests of some paths in `[from, to)` that have no episode theirs, and marks their slices, in one statement:
 * a request is given its episode once, and counted after it. What was asked for stays with them: it says that the episode
 * became known later. Requests of erased listeners name no path any more. Whether a request still has a path and no episode
 * is asked again when it is changed: before that, TimescaleDB cannot lock what is compressed.
 *
 * @returns how many requests that were
 */
export async function giveEpisodes(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: { from: Date; to: Date },
  paths: readonly LocatedPath[],
): Promise<number> {
  const [row] = await withoutNestedLoops(sql, () =>
    sql<{ requests: number }>(
      `WITH found AS MATERIALIZED (
       SELECT e.occurred_at, e.event_id, e.path_id, p.episode_id, p.segment, p.segment_ms
       FROM listener_events e
       JOIN unnest($4::bigint[], $5::uuid[], $6::integer[], $7::integer[]) AS p (path_id, episode_id, segment, segment_ms)
         ON p.path_id = e.path_id
       WHERE e.tenant_id = $1 AND e.occurred_at >= $2 AND e.occurred_at < $3 AND e.episode_id IS NULL
       ORDER BY e.occurred_at, e.event_id
     ), located AS (
       UPDATE listener_events e SET episode_id = f.episode_id, segment = f.segment, segment_ms = f.segment_ms
       FROM found f
       WHERE e.tenant_id = $1 AND e.occurred_at = f.occurred_at AND e.event_id = f.event_id
         AND e.occurred_at >= $2 AND e.occurred_at < $3 AND e.episode_id IS NULL AND e.path_id = f.path_id
       RETURNING e.occurred_at
     ), marks AS (
       INSERT INTO dirty_buckets (tenant_id, kind, bucket)
       SELECT DISTINCT $1::uuid, kind, date_bin('5 minutes', occurred_at, 'epoch')
       FROM located CROSS JOIN (VALUES ('slice'), ('count')) AS k (kind)
     )
     SELECT count(*)::integer AS requests FROM located`,
      [
        tenantId,
        from,
        to,
        paths.map(({ pathId }) => pathId),
        paths.map(({ episodeId }) => episodeId),
        paths.map(({ segment }) => segment),
        paths.map(({ segmentMs }) => segmentMs),
      ],
    ),
  );
  return row?.requests ?? 0;
}
