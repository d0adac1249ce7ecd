import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Requests that were delivered again, by the day and episode of the one that is stored. */
export interface DuplicateDelivery {
  readonly importId: string;
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string;
  /** Null for requests of something else. */
  readonly episodeId: string | null;
  readonly requests: number;
}

const NO_EPISODE = '00000000-0000-0000-0000-000000000000';

/** Adds to the duplicates of some days and episodes. */
export async function addDuplicateDeliveries(
  sql: Sql,
  tenantId: TenantId,
  duplicates: readonly DuplicateDelivery[],
): Promise<void> {
  if (duplicates.length === 0) return;
  await sql(
    `INSERT INTO duplicate_deliveries AS d (tenant_id, import_id, day, episode_id, requests)
     SELECT $1, n.import_id, n.day, n.episode_id, n.requests
     FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::bigint[]) AS n (import_id, day, episode_id, requests)
     ORDER BY n.import_id, n.day, n.episode_id
     ON CONFLICT (tenant_id, import_id, day, episode_id) DO UPDATE SET requests = d.requests + excluded.requests`,
    [
      tenantId,
      duplicates.map(({ importId }) => importId),
      duplicates.map(({ day }) => day),
      duplicates.map(({ episodeId }) => episodeId ?? NO_EPISODE),
      duplicates.map(({ requests }) => requests),
    ],
  );
}

/** Forgets the duplicates of a UTC day whose import was replaced. */
export async function clearDuplicateDeliveries(sql: Sql, tenantId: TenantId, day: string): Promise<void> {
  await sql('UPDATE duplicate_deliveries SET requests = 0 WHERE tenant_id = $1 AND day = $2', [
    tenantId,
    day,
  ]);
}
