import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { PublicKind } from '../domain/receipt.js';

/** What a public handle leads to. */
export interface HandleRow {
  readonly handle: string;
  readonly tenantId: TenantId;
  readonly targetId: string;
  readonly tenantStatus: 'active' | 'suspended';
}

const COLUMNS = 'tenant_id AS "tenantId", target_id AS "targetId", tenant_status AS "tenantStatus"';
const PAGE = 5_000;

/** The target of a handle, of whatever tenant. Runs as `podcast_app` without a tenant. */
export async function resolveHandle(
  sql: Sql,
  kind: PublicKind,
  handle: string,
): Promise<HandleRow | undefined> {
  const rows = await sql<HandleRow>(`SELECT $2 AS handle, ${COLUMNS} FROM resolve_public_handle($1, $2)`, [
    kind,
    handle,
  ]);
  return rows[0];
}

/** Every handle of a kind, of all tenants. Runs as `podcast_app` without a tenant. */
export async function listHandles(sql: Sql, kind: PublicKind): Promise<HandleRow[]> {
  const all: HandleRow[] = [];
  for (;;) {
    const page = await sql<HandleRow>(`SELECT handle, ${COLUMNS} FROM list_public_handles($1, $2, $3)`, [
      kind,
      all.at(-1)?.handle ?? '',
      PAGE,
    ]);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
