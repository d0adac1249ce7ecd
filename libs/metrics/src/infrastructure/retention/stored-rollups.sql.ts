import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { Grain } from '../../domain/cover-with-grains.js';
import { ALL_KEPT, type KeptRollups } from '../../domain/retention/kept-rollups.js';
import type { StoredRollups } from '../../domain/retention/plan-horizons.js';
import { KEPT_ROLLUPS } from './kept-rollups.sql.js';

const ms = (text: string) => `(SELECT extract(epoch FROM ${text})::float8 * 1000`;
const firstOf = (grain: Grain) =>
  `${ms('min(bucket)')} FROM listener_totals WHERE tenant_id = $1 AND grain = '${grain}' AND dimension = 'none') AS "${grain}"`;

/**
 * What retention must know of a tenant: each answer is the first entry of an index.
 *
 * @param settledBefore a raw horizon that was moved later is not relied on: a refresh that knows the former one may run yet
 */
export async function storedRollups(
  sql: Sql,
  tenantId: TenantId,
  settledBefore: Date,
): Promise<StoredRollups> {
  const [row] = await sql<
    Record<Grain, number | null> & Omit<StoredRollups, 'kept' | 'oldest'> & { kept: KeptRollups | null }
  >(
    `SELECT ${KEPT_ROLLUPS} AS kept,
            ${ms('raw_from')} FROM raw_horizons WHERE tenant_id = $1 AND moved_at <= $2) AS "frozenUntil",
            ${ms('min(bucket)')} FROM dirty_buckets
              WHERE tenant_id = $1 AND kind IN ('count', 'slice', 'listening', 'dimension', 'metrics_daily')) AS "oldestMark",
            ${firstOf('slice')}, ${firstOf('hour')}, ${firstOf('day')}, ${firstOf('month')}`,
    [tenantId, settledBefore],
  );
  const { kept = null, frozenUntil = null, oldestMark = null } = row ?? {};
  const { slice = null, hour = null, day = null, month = null } = row ?? {};
  return { kept: kept ?? ALL_KEPT, frozenUntil, oldestMark, oldest: { slice, hour, day, month } };
}
