import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { AnnotationKind, NewAnnotation } from '../domain/annotation.js';

/** An annotation as its tenant sees it. */
export interface AnnotationRow {
  id: string;
  happenedAt: Date;
  kind: AnnotationKind;
  podcastId: string | null;
  episodeId: string | null;
  detail: Record<string, unknown>;
}

/** Which annotations are wanted: those of `[from, to)`; with a podcast, its own and those that concern every podcast. */
export interface AnnotationFilter {
  from: Date | null;
  to: Date | null;
  podcastId: string | null;
}

/** Stores an annotation of this moment. */
export async function insertAnnotation(
  sql: Sql,
  tenantId: TenantId,
  { kind, podcastId, episodeId, detail }: NewAnnotation,
): Promise<void> {
  await sql(
    `INSERT INTO annotations (tenant_id, id, happened_at, podcast_id, episode_id, kind, detail)
     VALUES ($1, $2, now(), $3, $4, $5, $6)`,
    [tenantId, randomUUID(), podcastId, episodeId, kind, JSON.stringify(detail)],
  );
}

/** Up to `limit` annotations, newest first, after `after`. */
export function listAnnotations(
  sql: Sql,
  tenantId: TenantId,
  { from, to, podcastId }: AnnotationFilter,
  limit: number,
  after: ListPosition,
): Promise<(AnnotationRow & ListPosition)[]> {
  return sql(
    `SELECT id, happened_at AS "happenedAt", kind, podcast_id AS "podcastId", episode_id AS "episodeId", detail,
            happened_at::text AS "sortKey"
     FROM annotations
     WHERE tenant_id = $1 AND happened_at >= coalesce($2::timestamptz, '-infinity')
       AND happened_at < coalesce($3::timestamptz, 'infinity')
       AND ($4::uuid IS NULL OR podcast_id = $4 OR podcast_id IS NULL)
       AND (happened_at, id) < ($5::timestamptz, $6::uuid)
     ORDER BY happened_at DESC, id DESC LIMIT $7`,
    [tenantId, from, to, podcastId, after.sortKey, after.id, limit],
  );
}
