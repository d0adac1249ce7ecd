import {
  RefreshAggregates,
  RefreshAudience,
  RefreshDimensions,
  RefreshListening,
  RefreshReleaseCurves,
} from '@lib/metrics';
import { DAY_MS, utcDate } from '@lib/primitives';
import { CommandFailed } from '../../command.errors.js';
import type { LoginSession } from '../../connect-as-login.js';
import { withApplication } from '../../with-application.js';
import type { BenchProduct } from '../with-bench-product.js';
import type { BenchTenant } from './bench-tenant.js';
import { smallMedianLarge } from './tenant-shapes.js';

/** A day of a tenant. */
interface TenantDay {
  readonly tenant: BenchTenant;
  /** 00:00 UTC. */
  readonly day: Date;
}

/** Rows of a day, and of the month it is in, by what they say. */
const ROWS = [
  ...['listener_metrics', 'listener_totals', 'dimension_counts'].map(
    (table) =>
      `SELECT '${table}', to_jsonb(r) FROM ${table} r WHERE tenant_id = $1 AND dimension IN ('none', 'app', 'device', 'country')
         AND (grain IN ('slice', 'hour', 'day') AND bucket >= $2::date AND bucket < $2::date + 1
              OR grain = 'month' AND bucket = date_trunc('month', $2::date))`,
  ),
  `SELECT 'audience_sketches', to_jsonb(r) FROM audience_sketches r WHERE tenant_id = $1 AND day = $2::date`,
  `SELECT 'release_curves', to_jsonb(r) FROM release_curves r WHERE tenant_id = $1`,
  `SELECT 'release_totals', to_jsonb(r) FROM release_totals r WHERE tenant_id = $1`,
  `SELECT 'listening_positions', to_jsonb(r) FROM listening_positions r WHERE tenant_id = $1`,
].join(' UNION ALL ');

/**
 * Has the product refresh some days of tenants of all sizes, from their raw events and downloads, after their rows by
 * episode were removed, and compares what it writes with what was there.
 *
 * @param firstDay 00:00 UTC, and `days` from then on have rollups
 * @throws CommandFailed when a row differs
 * @returns how many rows were compared
 */
export async function checkRollups(
  product: Pick<BenchProduct, 'owner' | 'settings'>,
  tenants: readonly BenchTenant[],
  firstDay: Date,
  days: number,
): Promise<number> {
  const sample = smallMedianLarge(tenants).flatMap(({ tenant }) =>
    [0.25, 0.8].map((at) => ({ tenant, day: new Date(firstDay.getTime() + Math.floor(at * days) * DAY_MS) })),
  );
  let compared = 0;
  for (const day of sample) {
    const before = await rowsOf(product.owner, day);
    await forget(product.owner, day);
    await refreshEverything(product);
    const after = await rowsOf(product.owner, day);
    const differing = new Set([...before, ...after].filter((row) => !before.has(row) || !after.has(row)));
    if (differing.size > 0)
      throw new CommandFailed(
        `${utcDate(day.day)} of tenant ${day.tenant.number}: ${differing.size} of ${after.size} rows differ from the product’s, such as ${[...differing][0]}`,
      );
    compared += after.size;
  }
  return compared;
}

async function rowsOf({ sql }: LoginSession, { tenant, day }: TenantDay): Promise<Set<string>> {
  await sql("SET timezone = 'UTC'");
  const rows = await sql<{ row: string }>(
    `SELECT r.kind || ' ' || r.said AS row FROM (${ROWS}) r (kind, said)`,
    [tenant.tenantId, utcDate(day)],
  );
  return new Set(rows.map(({ row }) => row));
}

/**
 * Takes from the rows of a day what they count, and has it looked at. Months and totals of days follow what changes in
 * days, by whatever it is: they come back only if they were right.
 */
async function forget({ sql }: LoginSession, { tenant, day }: TenantDay): Promise<void> {
  const params = [tenant.tenantId, day, new Date(day.getTime() + DAY_MS)];
  for (const table of ['listener_metrics', 'listener_totals'])
    await sql(
      `DELETE FROM ${table} WHERE tenant_id = $1 AND bucket >= $2 AND bucket < $3
         AND (grain IN ('slice', 'hour') AND dimension = 'none')`,
      params,
    );
  await sql('DELETE FROM audience_sketches WHERE tenant_id = $1 AND day = $2::date', [
    tenant.tenantId,
    utcDate(day),
  ]);
  await sql(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1::uuid, 'slice', slice
     FROM generate_series($2::timestamptz, $3::timestamptz - interval '5 minutes', interval '5 minutes') AS slice
     UNION ALL SELECT $1, kind, $2 FROM unnest('{audience,release}'::text[]) AS k (kind)`,
    params,
  );
}

/** Those after the first follow what it changes. */
const DRAINS = [
  RefreshAggregates,
  RefreshListening,
  RefreshDimensions,
  RefreshReleaseCurves,
  RefreshAudience,
];

/** Works off every mark that rollups follow. */
function refreshEverything({ settings }: Pick<BenchProduct, 'settings'>): Promise<void> {
  return withApplication(settings, async (application) => {
    for (const job of DRAINS) {
      const drain: { run(): Promise<Record<'days' | 'busy' | 'failed', number>> } = application.get(job, {
        strict: false,
      });
      for (let more = true; more;) {
        const report = await drain.run();
        if (report.failed + report.busy > 0) throw new CommandFailed('a day could not be refreshed');
        more = report.days > 0;
      }
    }
  });
}
