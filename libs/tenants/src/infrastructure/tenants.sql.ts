import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { DEFAULT_PRIVACY_SETTINGS, type PrivacySettings } from '../domain/privacy-settings.js';
import type { RetentionSettings } from '../domain/retention-in-force.js';

/** A tenant with its settings and quotas. */
export interface TenantRow extends RetentionSettings {
  tenantId: TenantId;
  name: string;
  status: 'active' | 'suspended';
  timeZone: string;
  /** How many podcasts it may have that are not archived; null for any number. */
  maxPodcasts: number | null;
  metadata: Record<string, unknown>;
  privacy: PrivacySettings;
  createdAt: Date;
  updatedAt: Date;
}

const RETENTION_COLUMNS: Record<keyof RetentionSettings, string> = {
  rawRetentionDays: 'raw_retention_days',
  downloadRetentionDays: 'download_retention_days',
  sliceRetentionDays: 'slice_retention_days',
  hourRetentionDays: 'hour_retention_days',
  dayRetentionDays: 'day_retention_days',
  monthRetentionDays: 'month_retention_days',
};

const COLUMNS = `t.tenant_id AS "tenantId", t.name, t.status, s.time_zone AS "timeZone",
  ${Object.entries(RETENTION_COLUMNS)
    .map(([field, column]) => `s.${column} AS "${field}"`)
    .join(', ')},
  q.max_podcasts AS "maxPodcasts", t.metadata, t.created_at AS "createdAt",
  '${JSON.stringify(DEFAULT_PRIVACY_SETTINGS)}'::jsonb || coalesce(s.configuration -> 'privacy', '{}') AS privacy,
  greatest(t.updated_at, s.updated_at, q.updated_at) AS "updatedAt"`;
const TABLES = `tenants t JOIN tenant_settings s ON s.tenant_id = t.tenant_id
  JOIN tenant_quotas q ON q.tenant_id = s.tenant_id`;

/** Creates a tenant with its settings and quotas. Runs inside `TenantDb.run` of the new id. */
export async function insertTenant(
  sql: Sql,
  tenantId: TenantId,
  name: string,
  timeZone: string,
): Promise<void> {
  await sql(
    `WITH tenant AS (INSERT INTO tenants (tenant_id, name) VALUES ($1, $2) RETURNING tenant_id),
          settings AS (INSERT INTO tenant_settings (tenant_id, time_zone) SELECT tenant_id, $3 FROM tenant)
     INSERT INTO tenant_quotas (tenant_id) SELECT tenant_id FROM tenant`,
    [tenantId, name, timeZone],
  );
}

/** One tenant, or undefined. */
export async function findTenant(sql: Sql, tenantId: TenantId): Promise<TenantRow | undefined> {
  const rows = await sql<TenantRow>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE t.tenant_id = $1`, [tenantId]);
  return rows[0];
}

/** Up to `limit` tenants after the given one, oldest first. Runs as `podcast_admin`. */
export function listTenants(
  sql: Sql,
  limit: number,
  after: { createdAt: string; tenantId: string } | null,
): Promise<TenantRow[]> {
  return sql<TenantRow>(
    `SELECT ${COLUMNS}, t.created_at::text AS "createdAtText" FROM ${TABLES}
     WHERE $2::timestamptz IS NULL OR (t.created_at, t.tenant_id) > ($2::timestamptz, $3::uuid)
     ORDER BY t.created_at, t.tenant_id LIMIT $1`,
    [limit, after?.createdAt ?? null, after?.tenantId ?? null],
  );
}

/** What is left out stays; null takes the platform's. */
type RetentionChange = { [Field in keyof RetentionSettings]?: RetentionSettings[Field] | undefined };

export interface TenantChange extends RetentionChange {
  name?: string | undefined;
  status?: 'active' | 'suspended' | undefined;
  timeZone?: string | undefined;
  maxPodcasts?: number | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  privacy?: Partial<PrivacySettings> | undefined;
}

/** Changes what is given and leaves the rest. */
export async function updateTenant(sql: Sql, tenantId: TenantId, change: TenantChange): Promise<void> {
  await sql(
    `UPDATE tenants SET name = coalesce($2, name), status = coalesce($3, status), metadata = coalesce($4::jsonb, metadata),
            updated_at = now()
     WHERE tenant_id = $1`,
    [
      tenantId,
      change.name ?? null,
      change.status ?? null,
      change.metadata ? JSON.stringify(change.metadata) : null,
    ],
  );
  await sql(
    `UPDATE tenant_settings SET time_zone = coalesce($2, time_zone), updated_at = now() WHERE tenant_id = $1`,
    [tenantId, change.timeZone ?? null],
  );
  await updateRetention(sql, tenantId, change);
  if (change.maxPodcasts !== undefined) await updateQuotas(sql, tenantId, change.maxPodcasts);
}

async function updateRetention(sql: Sql, tenantId: TenantId, change: RetentionChange): Promise<void> {
  const given = Object.entries(RETENTION_COLUMNS).filter(
    ([field]) => change[field as keyof RetentionSettings] !== undefined,
  );
  if (given.length === 0) return;
  const places = given.map(([, column], index) => `${column} = $${index + 2}`);
  const days = given.map(([field]) => change[field as keyof RetentionSettings]);
  await sql(`UPDATE tenant_settings SET ${places.join(', ')} WHERE tenant_id = $1`, [tenantId, ...days]);
}

async function updateQuotas(sql: Sql, tenantId: TenantId, maxPodcasts: number | null): Promise<void> {
  await sql('UPDATE tenant_quotas SET max_podcasts = $2, updated_at = now() WHERE tenant_id = $1', [
    tenantId,
    maxPodcasts,
  ]);
}
