import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { StoredLevel } from './stored-relations.sql.js';

/** From when on each level is there; null where retention has removed nothing. */
export async function keptLevels(sql: Sql, tenantId: TenantId): Promise<Record<StoredLevel, Date | null>> {
  const [row] = await sql<Record<StoredLevel, Date | null>>(
    `SELECT r.raw_from AS raw, h.downloads_from AS download, h.slices_from AS slice, h.hours_from AS hour,
            h.days_from AS day, h.months_from AS month
     FROM (SELECT $1::uuid AS tenant_id) t
     LEFT JOIN raw_horizons r ON r.tenant_id = t.tenant_id
     LEFT JOIN retention_horizons h ON h.tenant_id = t.tenant_id`,
    [tenantId],
  );
  return row ?? { raw: null, download: null, slice: null, hour: null, day: null, month: null };
}
