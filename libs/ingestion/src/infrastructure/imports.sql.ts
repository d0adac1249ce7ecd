import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Makes an import, or opens it again: its keys live on until 48 hours after it is closed. */
export async function openImport(
  sql: Sql,
  tenantId: TenantId,
  importId: string,
  source: string,
): Promise<void> {
  await sql(
    `INSERT INTO imports (tenant_id, id, source) VALUES ($1, $2, $3)
     ON CONFLICT (tenant_id, id) DO UPDATE SET state = 'open', closed_at = NULL WHERE imports.state <> 'replaced'`,
    [tenantId, importId, source],
  );
}

/** Widens an import's range of days by a UTC day, `YYYY-MM-DD`. */
export async function addImportDay(
  sql: Sql,
  tenantId: TenantId,
  importId: string,
  day: string,
): Promise<void> {
  await sql(
    `UPDATE imports SET first_day = least(first_day, $3::date), last_day = greatest(last_day, $3::date)
     WHERE tenant_id = $1 AND id = $2`,
    [tenantId, importId, day],
  );
}

/** Closes imports. */
export async function closeImports(
  sql: Sql,
  tenantId: TenantId,
  importIds: readonly string[],
): Promise<void> {
  await sql(
    `UPDATE imports SET state = 'closed', closed_at = now()
     WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND state = 'open'`,
    [tenantId, importIds],
  );
}

/** Marks an import as replaced when no day is left of it. */
export async function retireImport(sql: Sql, tenantId: TenantId, importId: string): Promise<void> {
  await sql(
    `UPDATE imports SET state = 'replaced', closed_at = coalesce(closed_at, now())
     WHERE tenant_id = $1 AND id = $2 AND NOT EXISTS (
       SELECT FROM import_files f, jsonb_each_text(f.progress->'days') AS d (day, owner)
       WHERE f.tenant_id = $1 AND d.owner = $2::text)`,
    [tenantId, importId],
  );
}

/** Lets the keys of an import live for 48 more hours: those of some UTC days and of the days before, and of the audience. */
export async function keepImportKeys(
  sql: Sql,
  tenantId: TenantId,
  importId: string,
  days: readonly string[],
): Promise<void> {
  await sql(
    `UPDATE listener_keys SET destroy_after = now() + interval '48 hours'
     WHERE tenant_id = $1 AND import_id = $2 AND destroyed_at IS NULL
       AND (purpose <> 'count' OR period = ANY ($3::date[]) OR period + 1 = ANY ($3::date[]))`,
    [tenantId, importId, days],
  );
}
