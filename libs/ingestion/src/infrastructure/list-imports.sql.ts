import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';

/** A file of an import, and what became of its lines so far. */
export interface ImportedFile {
  name: string;
  sha256: string;
  format: string;
  lines: number;
  stored: number;
  notEpisodes: number;
  duplicates: number;
  conflicts: number;
  faults: number;
  comments: number;
  /** Faults by the rule that was broken. */
  rules: Record<string, number>;
  /** Null while it is not stored whole. */
  finishedAt: string | null;
}

export interface ImportSummary {
  id: string;
  source: string;
  firstDay: string | null;
  lastDay: string | null;
  state: 'open' | 'closed' | 'replaced';
  createdAt: Date;
  closedAt: Date | null;
  files: ImportedFile[];
}

/** Up to `limit` of the tenant's imports with their files, the youngest first, after `after`. */
export function listImports(
  sql: Sql,
  tenantId: TenantId,
  limit: number,
  after: ListPosition,
): Promise<(ImportSummary & ListPosition)[]> {
  return sql(
    `SELECT i.id, i.source, i.first_day::text AS "firstDay", i.last_day::text AS "lastDay", i.state,
            i.created_at AS "createdAt", i.closed_at AS "closedAt", i.created_at::text AS "sortKey",
            coalesce(f.files, '[]') AS files
     FROM imports i
     CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object(
                'name', name, 'sha256', sha256, 'format', format, 'lines', done_lines, 'stored', stored,
                'notEpisodes', not_episodes, 'duplicates', duplicates, 'conflicts', conflicts, 'faults', faults,
                'comments', comments, 'rules', coalesce(progress->'rules', '{}'),
                'finishedAt', to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
              ORDER BY name, sha256) AS files
       FROM import_files WHERE tenant_id = $1 AND import_id = i.id
     ) f
     WHERE i.tenant_id = $1 AND (i.created_at, i.id) < ($2::timestamptz, $3::uuid)
     ORDER BY i.created_at DESC, i.id DESC LIMIT $4`,
    [tenantId, after.sortKey, after.id, limit],
  );
}
