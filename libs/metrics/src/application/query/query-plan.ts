import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { downloadHorizon, rawHorizon } from '@lib/time-series';
import { coverAtLeast, coverWithGrains } from '../../domain/cover-with-grains.js';
import { AFFORDABLE_ROWS } from '../audience/audience-reader.js';
import { EVENT_METRICS, type Metric } from '../../domain/event-metrics.js';
import { beforeDownloadHorizon, beforeRawHorizon } from '../../domain/metrics.errors.js';
import { hasDimensions } from '../../domain/query/dimensions.js';
import { dimensionsOf, type QueryShape } from '../../domain/query/metrics-query.js';
import { queryTooExpensive } from '../../domain/audience/audience.errors.js';
import { dimensionNotAvailable, oneDimensionOnly } from '../../domain/query/query.errors.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import type { CountedRange } from '../../domain/read-range.js';
import { eventSeries } from '../../infrastructure/event-series.sql.js';
import type { QueryReading } from '../../infrastructure/query/query-groups.sql.js';

/** Buckets of a question: see `QueryReading`. The last one ends at `to`. */
export type QueryBuckets = Pick<QueryReading, 'starts' | 'bucketsBefore'> & { readonly to: number };

/** Which rollups of a question exist, found out without a look at the database. */
export type QuerySource = 'totals' | 'one dimension' | 'downloads';

/**
 * From where a question is answered: totals and one dimension from rollups, two dimensions from downloads, one by one.
 *
 * @throws DomainError `dimension_not_available`, `one_dimension_only` (400)
 */
export function querySource(asked: QueryShape): QuerySource {
  const dimensions = dimensionsOf(asked);
  if (dimensions.length === 0) return 'totals';
  const without = asked.metrics.find((metric) => !hasDimensions(metric));
  if (without !== undefined) throw dimensionNotAvailable(without);
  if (dimensions.length === 1) return 'one dimension';
  if (asked.metrics.some((metric) => metric !== 'downloads')) throw oneDimensionOnly();
  return 'downloads';
}

/**
 * What a question reads. Rollups by dimension begin with the hour: what a range or a bucket has of broken hours, as where
 * the local clock is half an hour off, is read one by one.
 *
 * @throws DomainError `query_too_expensive` (422) where that is more than a million rows of the tenant, `before_raw_horizon`
 * (400) or `before_download_horizon` (400) where they are gone, and what `coverWithGrains` throws
 */
export async function planQuery(
  sql: Sql,
  tenantId: TenantId,
  asked: QueryShape,
  { to, ...buckets }: QueryBuckets,
  kept: KeptRollups,
): Promise<QueryReading> {
  const source = querySource(asked);
  const [dimension] = dimensionsOf(asked);
  const { starts } = buckets;
  if (source === 'totals')
    return { rollups: { stretches: coverWithGrains(starts, to, kept), dimension }, oneByOne: [], ...buckets };
  if (source === 'downloads') {
    const range = { from: starts[0] ?? to, to };
    await refuseGone(sql, tenantId, asked.metrics, range.from);
    await refuseTooMany(sql, tenantId, asked.metrics, [range], kept, (rows) => shorter(range, rows));
    return { rollups: { stretches: [], dimension }, oneByOne: [range], ...buckets };
  }
  // No slices are read: neither is it of interest which are kept, nor how wide they are.
  const stretches = coverWithGrains(starts, to, { ...kept, slice: null, quartersUntil: null });
  const oneByOne = stretches.filter(({ grain }) => grain === 'slice');
  if (oneByOne[0] !== undefined) {
    await refuseGone(sql, tenantId, asked.metrics, oneByOne[0].from);
    await refuseTooMany(sql, tenantId, asked.metrics, oneByOne, kept, () => FULL_HOURS);
  }
  const whole = stretches.filter(({ grain }) => grain !== 'slice');
  return { rollups: { stretches: whole, dimension }, oneByOne, ...buckets };
}

const ONE_AT_A_TIME = ', for one of app, device and country at a time, or for borders on full hours of UTC';

const FULL_HOURS =
  'ask for a shorter range, a longer interval, or a range and a time zone whose borders are full hours of UTC';

function shorter({ from, to }: CountedRange, rows: number): string {
  const days = Math.floor(((to - from) / DAY_MS) * (AFFORDABLE_ROWS / rows));
  const range = days < 1 ? 'a range of less than a day' : `a range of about ${days} days`;
  return `ask for ${range}, or for one of app, device and country at a time`;
}

/** What is read of a tenant's stretch is all of it, whatever is looked for there. How much that is says the sum of totals. */
async function refuseTooMany(
  sql: Sql,
  tenantId: TenantId,
  metrics: readonly Metric[],
  stretches: readonly CountedRange[],
  kept: KeptRollups,
  instead: (rows: number) => string,
): Promise<void> {
  const rows = await rowsIn(sql, tenantId, metrics, stretches, kept);
  if (rows > AFFORDABLE_ROWS) throw queryTooExpensive(rows, AFFORDABLE_ROWS, instead(rows));
}

async function rowsIn(
  sql: Sql,
  tenantId: TenantId,
  metrics: readonly Metric[],
  stretches: readonly CountedRange[],
  kept: KeptRollups,
): Promise<number> {
  const isOf = {
    downloads: metrics.includes('downloads'),
    events: metrics.some((one) => one !== 'downloads'),
  };
  const read: Metric[] = [
    ...(isOf.downloads ? (['downloads'] as const) : []),
    ...(isOf.events ? EVENT_METRICS : []),
  ];
  const scope = { podcastId: null, episodeId: null, metrics: read, evidence: null };
  const covered = stretches.flatMap(({ from, to }) => coverAtLeast(from, to, kept));
  const series = await eventSeries(sql, tenantId, [covered[0]?.from ?? 0], covered, scope);
  return series.reduce((rows, { values: [count = 0] }) => rows + count, 0);
}

/** Events and downloads that retention removed cannot be read again. */
async function refuseGone(
  sql: Sql,
  tenantId: TenantId,
  metrics: readonly Metric[],
  from: number,
): Promise<void> {
  const isGone = (horizon: Date | null) => horizon !== null && from < horizon.getTime();
  const rawFrom = metrics.some((metric) => metric !== 'downloads') ? await rawHorizon(sql, tenantId) : null;
  if (rawFrom !== null && isGone(rawFrom)) throw beforeRawHorizon(rawFrom);
  const downloadsFrom = metrics.includes('downloads') ? await downloadHorizon(sql, tenantId) : null;
  if (downloadsFrom !== null && isGone(downloadsFrom))
    throw beforeDownloadHorizon(downloadsFrom, ONE_AT_A_TIME);
}
