import type { LoginSession } from '../../connect-as-login.js';

/** Blocks that a database has looked for since it was made: found in shared buffers, or fetched from outside of them. */
export interface BlockReads {
  readonly found: number;
  readonly fetched: number;
}

/** So far, by every session that has reported. */
export async function blockReads({ sql }: LoginSession): Promise<BlockReads> {
  const [row] = await sql<{ found: string; fetched: string }>(
    'SELECT blks_hit AS found, blks_read AS fetched FROM pg_stat_database WHERE datname = current_database()',
  );
  return { found: Number(row?.found), fetched: Number(row?.fetched) };
}

/** The size of the database beside its shared buffers, in MiB. */
export async function databaseSize({ sql }: LoginSession): Promise<{ mebibytes: number; buffers: string }> {
  const [row] = await sql<{ bytes: string; buffers: string }>(
    "SELECT pg_database_size(current_database()) AS bytes, current_setting('shared_buffers') AS buffers",
  );
  return { mebibytes: Number(row?.bytes) / 2 ** 20, buffers: row?.buffers ?? '' };
}
