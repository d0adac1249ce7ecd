import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** The handles of a podcast's redirect, the one in use first. All of them lead to it. */
export async function listHandles(sql: Sql, tenantId: TenantId, podcastId: string): Promise<string[]> {
  const rows = await sql<{ handle: string }>(
    `SELECT handle FROM public_handles WHERE tenant_id = $1 AND kind = 'redirect' AND target_id = $2
     ORDER BY created_at DESC, handle`,
    [tenantId, podcastId],
  );
  return rows.map(({ handle }) => handle);
}

/** Gives a podcast a handle. False when it is taken, whoever has it. */
export async function insertHandle(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  handle: string,
): Promise<boolean> {
  const rows = await sql(
    `WITH added AS (
       INSERT INTO public_handles (tenant_id, kind, handle, target_id, created_at)
       VALUES ($1, 'redirect', $3, $2, clock_timestamp())
       ON CONFLICT DO NOTHING RETURNING 1
     ) SELECT FROM added`,
    [tenantId, podcastId, handle],
  );
  return rows.length > 0;
}

/** Takes a handle that the podcast has had into use again. False when it never had it. */
export async function renewHandle(
  sql: Sql,
  tenantId: TenantId,
  podcastId: string,
  handle: string,
): Promise<boolean> {
  const rows = await sql(
    `WITH renewed AS (
       UPDATE public_handles SET created_at = statement_timestamp()
       WHERE tenant_id = $1 AND kind = 'redirect' AND target_id = $2 AND handle = $3 RETURNING 1
     ) SELECT FROM renewed`,
    [tenantId, podcastId, handle],
  );
  return rows.length > 0;
}
