import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';

/** What a list is about. */
export type ListKind = 'agents' | 'networks';

/** A version to store. Its content never changes. */
export interface ListToKeep {
  readonly kind: ListKind;
  /** Of the content before compression, in hexadecimal. */
  readonly sha256: string;
  /** Where it came from, for people. */
  readonly source: string;
  /** Compressed with gzip. */
  readonly content: Buffer;
  /** Counts, and what is different from the version that was active before. */
  readonly summary?: object;
  readonly changes?: object;
}

/** A stored version, without its content. */
export interface ListVersion {
  readonly kind: ListKind;
  readonly sha256: string;
  readonly source: string;
  readonly summary: Readonly<Record<string, number>>;
  readonly loadedAt: Date;
  /** Null for a version that never was in force. */
  readonly activatedAt: Date | null;
}

/** The content of a stored list, compressed with gzip, or undefined where none has that hash. */
export async function listContent(sql: Sql, kind: ListKind, sha256: string): Promise<Buffer | undefined> {
  const rows = await sql<{ content: Buffer }>(`SELECT content FROM lists WHERE kind = $1 AND sha256 = $2`, [
    kind,
    sha256,
  ]);
  return rows[0]?.content;
}

/** The hash of the list that was activated last, or undefined when none was. */
export async function activeList(sql: Sql, kind: ListKind): Promise<string | undefined> {
  const rows = await sql<{ sha256: string }>(
    `SELECT sha256 FROM lists WHERE kind = $1 AND activated_at IS NOT NULL ORDER BY activated_at DESC LIMIT 1`,
    [kind],
  );
  return rows[0]?.sha256;
}

/** Stores the content of a list under its hash, unless it is there. True when it was not. */
export async function keepList(sql: Sql, list: ListToKeep): Promise<boolean> {
  const { kind, sha256, source, content, summary = {}, changes = {} } = list;
  const rows = await sql(
    `INSERT INTO lists (list_id, kind, sha256, source, content, summary, changes)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, sha256) DO NOTHING RETURNING 1`,
    [randomUUID(), kind, sha256, source, content, JSON.stringify(summary), JSON.stringify(changes)],
  );
  return rows.length === 1;
}

/** Puts a stored version in force: for networks within a minute, for agents in the rule sets that are made from now on. */
export async function activateList(sql: Sql, kind: ListKind, sha256: string): Promise<void> {
  await sql(`UPDATE lists SET activated_at = clock_timestamp() WHERE kind = $1 AND sha256 = $2`, [
    kind,
    sha256,
  ]);
}

/** Every stored version, the one activated last first. */
export function listVersions(sql: Sql): Promise<ListVersion[]> {
  return sql<ListVersion>(
    `SELECT kind, sha256, source, summary, loaded_at AS "loadedAt", activated_at AS "activatedAt" FROM lists
     ORDER BY kind, activated_at DESC NULLS LAST, loaded_at DESC`,
  );
}

/** One stored version, or undefined where none has that hash. */
export async function findList(sql: Sql, kind: ListKind, sha256: string): Promise<ListVersion | undefined> {
  const rows = await sql<ListVersion>(
    `SELECT kind, sha256, source, summary, loaded_at AS "loadedAt", activated_at AS "activatedAt" FROM lists
     WHERE kind = $1 AND sha256 = $2`,
    [kind, sha256],
  );
  return rows[0];
}
