import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { ALL_KEPT, type KeptRollups } from '../../domain/retention/kept-rollups.js';

const ms = (column: string) => `extract(epoch FROM ${column}) * 1000`;

/** SQL for what is kept of the tenant $1, as JSON in the shape of `KeptRollups`; NULL when nothing was ever removed. */
export const KEPT_ROLLUPS = `
  (SELECT jsonb_build_object('slice', ${ms('slices_from')}, 'hour', ${ms('hours_from')}, 'day', ${ms('days_from')},
                             'month', ${ms('months_from')}, 'quartersUntil', ${ms('quarters_until')})
   FROM retention_horizons WHERE tenant_id = $1)`;

/** From when on the tenant's rollups are kept. Read it under a day's lock before the day is rebuilt. */
export async function keptRollups(sql: Sql, tenantId: TenantId): Promise<KeptRollups> {
  const [row] = await sql<{ kept: KeptRollups | null }>(`SELECT ${KEPT_ROLLUPS} AS kept`, [tenantId]);
  return row?.kept ?? ALL_KEPT;
}
