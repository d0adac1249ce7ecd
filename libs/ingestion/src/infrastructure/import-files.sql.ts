import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { LineTally } from '../domain/access-log/line-tally.js';

/** How far a file is stored, and what it was read as. */
export interface ImportFile extends LineTally {
  readonly importId: string;
  readonly format: string;
  /** The name of what wrote the log: part of the identities of its requests. */
  readonly source: string;
  /** True when the file takes the place of what other imports brought for its days. */
  readonly replaces: boolean;
  readonly finishedAt: Date | null;
}

/** A file as it is first known. */
export interface NewImportFile {
  readonly importId: string;
  /** Of the file as it lies there, packed or not: 64 hexadecimal digits. */
  readonly sha256: string;
  readonly name: string;
  readonly format: string;
  readonly source: string;
  readonly replaces: boolean;
}

/** The file with this content in an import that was not replaced, the latest if there are several. */
export async function findImportFile(
  sql: Sql,
  tenantId: TenantId,
  sha256: string,
): Promise<ImportFile | undefined> {
  const [row] = await sql<ImportFile>(
    `SELECT f.import_id AS "importId", f.format, f.done_lines::float8 AS lines, f.done_bytes::float8 AS bytes,
            f.stored::float8 AS stored, f.duplicates::float8 AS duplicates, f.conflicts::float8 AS conflicts,
            f.not_episodes::float8 AS "notEpisodes", f.faults::float8 AS faults, f.comments::float8 AS comments,
            f.progress->>'source' AS source, (f.progress->>'replaces')::boolean AS replaces,
            coalesce(f.progress->'rules', '{}') AS rules, coalesce(f.progress->'examples', '[]') AS examples,
            f.finished_at AS "finishedAt"
     FROM import_files f JOIN imports i ON i.tenant_id = $1 AND i.id = f.import_id
     WHERE f.tenant_id = $1 AND f.sha256 = $2 AND i.state <> 'replaced'
     ORDER BY i.created_at DESC LIMIT 1`,
    [tenantId, sha256],
  );
  return row;
}

/** Stores that a file is being imported. A file that is known already stays as it is. */
export async function insertImportFile(sql: Sql, tenantId: TenantId, file: NewImportFile): Promise<void> {
  const { importId, sha256, name, format, source, replaces } = file;
  await sql(
    `INSERT INTO import_files (tenant_id, import_id, sha256, name, format, progress)
     VALUES ($1, $2, $3, $4, $5, jsonb_build_object('source', $6::text, 'replaces', $7::boolean, 'days', '{}'::jsonb))
     ON CONFLICT DO NOTHING`,
    [tenantId, importId, sha256, name, format, source, replaces],
  );
}

/**
 * Writes how far a file is stored, in the transaction that stores its rows.
 * @param fromLine how far it was before
 * @returns false when it was not: somebody else imports the same file
 */
export async function advanceImportFile(
  sql: Sql,
  tenantId: TenantId,
  { importId, sha256 }: Pick<NewImportFile, 'importId' | 'sha256'>,
  fromLine: number,
  tally: LineTally,
  isFinished: boolean,
): Promise<boolean> {
  const rows = await sql(
    `UPDATE import_files SET done_lines = $5, done_bytes = $6, stored = $7, duplicates = $8, conflicts = $9,
            not_episodes = $10, faults = $11, comments = $12,
            progress = progress || jsonb_build_object('rules', $13::jsonb, 'examples', $14::jsonb),
            finished_at = CASE WHEN $15::boolean THEN now() END
     WHERE tenant_id = $1 AND import_id = $2 AND sha256 = $3 AND done_lines = $4 AND finished_at IS NULL
     RETURNING 1 AS one`,
    [
      tenantId,
      importId,
      sha256,
      fromLine,
      tally.lines,
      tally.bytes,
      tally.stored,
      tally.duplicates,
      tally.conflicts,
      tally.notEpisodes,
      tally.faults,
      tally.comments,
      JSON.stringify(tally.rules),
      JSON.stringify(tally.examples),
      isFinished,
    ],
  );
  return rows.length > 0;
}
