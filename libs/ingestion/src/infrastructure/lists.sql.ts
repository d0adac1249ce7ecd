import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';

/** The content of a stored list, compressed with gzip, or undefined where none has that hash. */
export async function listContent(
  sql: Sql,
  kind: 'agents' | 'networks',
  sha256: string,
): Promise<Buffer | undefined> {
  const rows = await sql<{ content: Buffer }>(`SELECT content FROM lists WHERE kind = $1 AND sha256 = $2`, [
    kind,
    sha256,
  ]);
  return rows[0]?.content;
}

/** The hash of the list that was activated last, or undefined when none was. */
export async function activeList(sql: Sql, kind: 'agents' | 'networks'): Promise<string | undefined> {
  const rows = await sql<{ sha256: string }>(
    `SELECT sha256 FROM lists WHERE kind = $1 AND activated_at IS NOT NULL ORDER BY activated_at DESC LIMIT 1`,
    [kind],
  );
  return rows[0]?.sha256;
}

/** Stores the content of a list under its hash, unless it is there. */
export async function keepList(
  sql: Sql,
  kind: 'agents' | 'networks',
  sha256: string,
  source: string,
  content: Buffer,
): Promise<void> {
  await sql(
    `INSERT INTO lists (list_id, kind, sha256, source, content) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (kind, sha256) DO NOTHING`,
    [randomUUID(), kind, sha256, source, content],
  );
}
