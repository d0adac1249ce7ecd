import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { DEFAULT_PRIVACY_SETTINGS, type PrivacySettings } from '../domain/privacy-settings.js';

/** The tenant's privacy settings; the defaults where it has decided nothing. */
export async function privacySettings(sql: Sql, tenantId: TenantId): Promise<PrivacySettings> {
  const [row] = await sql<{ privacy: Partial<PrivacySettings> | null }>(
    `SELECT configuration -> 'privacy' AS privacy FROM tenant_settings WHERE tenant_id = $1`,
    [tenantId],
  );
  return { ...DEFAULT_PRIVACY_SETTINGS, ...row?.privacy };
}

/** Changes what is given and leaves the rest; null brings the default back. */
export async function updatePrivacySettings(
  sql: Sql,
  tenantId: TenantId,
  change: Partial<PrivacySettings>,
): Promise<void> {
  await sql(
    `UPDATE tenant_settings
     SET configuration = configuration || jsonb_build_object(
           'privacy', jsonb_strip_nulls(coalesce(configuration -> 'privacy', '{}') || $2::jsonb)),
         updated_at = now()
     WHERE tenant_id = $1`,
    [tenantId, JSON.stringify(change)],
  );
}
