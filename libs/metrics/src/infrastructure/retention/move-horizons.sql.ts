import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';

const FORWARD = ['slices_from', 'hours_from', 'days_from', 'months_from', 'quarters_until'].map(
  (column) => `${column} = greatest(h.${column}, excluded.${column})`,
);

/** Moves what is kept of a tenant forward, never back; an instant that is null stays. */
export async function moveHorizons(sql: Sql, tenantId: TenantId, to: KeptRollups): Promise<void> {
  const instants = [to.slice, to.hour, to.day, to.month, to.quartersUntil];
  await sql(
    `INSERT INTO retention_horizons AS h (tenant_id, slices_from, hours_from, days_from, months_from, quarters_until)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant_id) DO UPDATE SET ${FORWARD.join(', ')}, moved_at = excluded.moved_at`,
    [tenantId, ...instants.map((at) => (at === null ? null : new Date(at)))],
  );
}
