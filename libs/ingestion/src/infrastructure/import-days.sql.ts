import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** The import under whose keys the requests of a day are hashed. */
export interface DayOwner {
  readonly importId: string;
  /** False once the key of the day was destroyed: nobody can be recognised under it any more. */
  readonly isAlive: boolean;
}

/** Lets one importer of a tenant at a time decide whose a day is, until the transaction ends. */
export async function lockImportDays(sql: Sql, tenantId: TenantId): Promise<void> {
  await sql(`SELECT pg_advisory_xact_lock(hashtextextended($1::text || 'import-days', 0))`, [tenantId]);
}

/** Whose some UTC days are, `YYYY-MM-DD`. Days that no import has are left out. */
export async function dayOwners(
  sql: Sql,
  tenantId: TenantId,
  days: readonly string[],
): Promise<Map<string, DayOwner>> {
  const rows = await sql<DayOwner & { day: string }>(
    `SELECT d.day, o.import_id AS "importId", k.import_id IS NULL OR s.import_id IS NOT NULL AS "isAlive"
     FROM unnest($2::text[]) AS d (day)
     CROSS JOIN LATERAL (
       SELECT (progress->'days'->>d.day)::uuid AS import_id FROM import_files
       WHERE tenant_id = $1 AND progress->'days' ? d.day LIMIT 1
     ) o
     LEFT JOIN listener_keys k
       ON k.tenant_id = $1 AND k.purpose = 'count' AND k.period = d.day::date AND k.import_id = o.import_id
     LEFT JOIN listener_key_secrets s
       ON s.tenant_id = $1 AND s.purpose = k.purpose AND s.period = k.period AND s.import_id = k.import_id`,
    [tenantId, days],
  );
  return new Map(rows.map(({ day, ...owner }) => [day, owner]));
}

/** Whose the UTC days of one file are, `YYYY-MM-DD`, whichever attempt brought their requests. */
export async function ownersOfFile(
  sql: Sql,
  tenantId: TenantId,
  file: { readonly importId: string; readonly sha256: string },
): Promise<Map<string, string>> {
  const rows = await sql<{ day: string; owner: string }>(
    `SELECT d.day, d.owner FROM import_files f, jsonb_each_text(f.progress->'days') AS d (day, owner)
     WHERE f.tenant_id = $1 AND f.import_id = $2 AND f.sha256 = $3`,
    [tenantId, file.importId, file.sha256],
  );
  return new Map(rows.map(({ day, owner }) => [day, owner]));
}

/** Stores, with a file, whose a day is of which it holds requests. */
export async function setDayOwner(
  sql: Sql,
  tenantId: TenantId,
  file: { readonly importId: string; readonly sha256: string },
  day: string,
  owner: string,
): Promise<void> {
  await sql(
    `UPDATE import_files SET progress = jsonb_set(progress, ARRAY['days', $4], to_jsonb($5::text))
     WHERE tenant_id = $1 AND import_id = $2 AND sha256 = $3`,
    [tenantId, file.importId, file.sha256, day, owner],
  );
}

/** Takes a day away from all files that hold requests of it. */
export async function dropDayOwner(sql: Sql, tenantId: TenantId, day: string): Promise<void> {
  await sql(
    `UPDATE import_files SET progress = progress #- ARRAY['days', $2]
     WHERE tenant_id = $1 AND progress->'days' ? $2`,
    [tenantId, day],
  );
}
