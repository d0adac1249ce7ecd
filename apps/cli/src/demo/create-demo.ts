import type { INestApplicationContext } from '@nestjs/common';
import { CatalogService } from '@lib/catalog';
import type { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CountDownloads, BackfillService } from '@lib/ingestion';
import { RefreshAggregates, RefreshMetricsDaily } from '@lib/metrics';
import { DAY_MS, floorTime, utcDate, type TenantId } from '@lib/primitives';
import { KeysService, TenantsService } from '@lib/tenants';
import { withApplication } from '../with-application.js';
import { demoEvents, type DemoEpisode } from './demo-events.js';
import { DEMO_DAYS, DEMO_SHOWS, demoFeed, type DemoShow } from './demo-feeds.js';

export interface DemoRequest {
  /** Every role but the owner. */
  settings: Settings;
  /** Told of progress, in units of the demo's own choice. */
  onProgress: (done: number, total: number) => void;
}

/** The demo network, as the banner shows it. */
export interface DemoNetwork {
  tenantId: string;
  /** The tenant's key, shown again at every start. */
  key: string;
  podcastId: string;
  /** Path and query of a request that returns real numbers, such as `/v1/…?from=…`. */
  queryPath: string;
}

const SEED = 'harbour';
const IMPORT_ID = '00000000-0000-4000-8000-00000000de30';

/**
 * Creates a network of four shows with sixty days of listening, along the roads that real data takes: feeds are
 * imported, events backfilled, rollups refreshed. Its numbers depend only on the UTC date of the first start.
 */
export function createDemo({ settings, onProgress }: DemoRequest): Promise<DemoNetwork> {
  return withApplication(settings, async (application) => {
    const until = floorTime(new Date(), DAY_MS);
    const from = new Date(until.getTime() - DEMO_DAYS * DAY_MS);
    const { tenantId, key } = await createTenant(application);
    const episodes = await importShows(application, tenantId, until);
    const events = demoEvents(episodes, until, `${SEED}:${utcDate(until)}`);
    const total = Math.ceil(events.length * 1.5);
    await application
      .get(BackfillService, { strict: false })
      .backfill(tenantId, IMPORT_ID, { from, to: until }, events, (done) => {
        onProgress(done, total);
      });
    await refresh(application, (share) => {
      onProgress(Math.floor(events.length + share * (total - events.length)), total);
    });
    const podcastId = episodes[0]?.podcastId ?? '';
    const range = `from=${utcDate(new Date(until.getTime() - 30 * DAY_MS))}&to=${utcDate(until)}`;
    return {
      tenantId,
      key,
      podcastId,
      queryPath: `/v1/metrics/totals?podcastId=${podcastId}&${range}&compare=previous`,
    };
  });
}

async function createTenant(
  application: INestApplicationContext,
): Promise<{ tenantId: TenantId; key: string }> {
  const keys = application.get(KeysService, { strict: false });
  const request = {
    kind: 'secret',
    name: 'Demo key',
    scopes: ['admin'],
    trustedSender: true,
    expiresAt: null,
  } as const;
  const { tenant, result } = await application
    .get(TenantsService, { strict: false })
    .create({ name: 'Harbour Demo Network', timeZone: 'UTC' }, () => keys.create(request));
  return { tenantId: tenant.tenantId, key: result.credential };
}

async function importShows(
  application: INestApplicationContext,
  tenantId: TenantId,
  until: Date,
): Promise<(DemoEpisode & { podcastId: string })[]> {
  const episodes = [];
  for (const show of DEMO_SHOWS) {
    const feed = Buffer.from(demoFeed(show, until));
    const { podcastId } = await application
      .get(CatalogService, { strict: false })
      .importFeedBytes(tenantId, feed);
    for (const episode of await episodesOf(application, tenantId, podcastId, show))
      episodes.push({ ...episode, podcastId });
  }
  return episodes;
}

function episodesOf(
  application: INestApplicationContext,
  tenantId: TenantId,
  podcastId: string,
  show: DemoShow,
): Promise<DemoEpisode[]> {
  const db = application.get(TenantDb, { strict: false });
  return db.run(tenantId, async () => {
    const rows = await db.current.sql<{ id: string; publishedAt: Date }>(
      `SELECT id, published_at AS "publishedAt" FROM episodes WHERE tenant_id = $1 AND podcast_id = $2 ORDER BY published_at`,
      [tenantId, podcastId],
    );
    return rows.map((row) => ({ ...row, show }));
  });
}

async function refresh(
  application: INestApplicationContext,
  onShare: (share: number) => void,
): Promise<void> {
  const downloads = application.get(CountDownloads, { strict: false });
  while ((await downloads.run()).days > 0);
  const aggregates = application.get(RefreshAggregates, { strict: false });
  let days = 0;
  for (let more = true; more;) {
    const report = await aggregates.run();
    days += report.days;
    more = report.days > 0 || report.busy > 0;
    onShare(Math.min(1, days / (DEMO_DAYS + 1)));
  }
  await application.get(RefreshMetricsDaily, { strict: false }).run();
}
