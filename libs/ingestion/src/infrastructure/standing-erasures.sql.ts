import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

export interface StandingErasure {
  listenerIds: string[];
  requestedAt: Date;
}

/** Erasures that were asked for within so many days. */
export function standingErasures(sql: Sql, tenantId: TenantId, days: number): Promise<StandingErasure[]> {
  return sql<StandingErasure>(
    `SELECT listener_ids AS "listenerIds", requested_at AS "requestedAt" FROM privacy_requests
     WHERE tenant_id = $1 AND kind = 'erasure' AND requested_at > now() - make_interval(days => $2)`,
    [tenantId, days],
  );
}
