import type { INestApplicationContext } from '@nestjs/common';
import { CatalogService } from '@lib/catalog';
import type { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { BackfillService, CountDownloads, NameAgents } from '@lib/ingestion';
import {
  RefreshAggregates,
  RefreshAudience,
  RefreshDimensions,
  RefreshListening,
  RefreshMetricsDaily,
  RefreshReleaseCurves,
} from '@lib/metrics';
import { DAY_MS, DomainError, toTenantId, utcDate, type TenantId } from '@lib/primitives';
import { KeysService, TenantsService } from '@lib/tenants';
import { withApplication } from '../with-application.js';
import { demoEvents, type DemoEpisode } from './demo-events.js';
import type { DemoPlan } from './demo-plan.js';
import { DEMO_DAYS, DEMO_SHOWS, demoFeed, type DemoShow } from './demo-feeds.js';

export interface DemoRequest {
  /** Every role but the owner. */
  settings: Settings;
  plan: DemoPlan;
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

const NAME = 'Harbour Demo Network';
const SEED = 'harbour';
const IMPORT_ID = '00000000-0000-4000-8000-00000000de30';

/**
 * Creates a network of four shows with sixty days of listening, along the roads that real data takes: feeds are
 * imported, events backfilled, rollups refreshed. Its numbers depend only on the day of the plan. What is there already of
 * the same plan stays, so that a demo that was interrupted is finished.
 */
export function createDemo({ settings, plan, onProgress }: DemoRequest): Promise<DemoNetwork> {
  return withApplication(settings, async (application) => {
    const tenantId = toTenantId(plan.tenantId);
    const until = new Date(plan.until);
    const from = new Date(until.getTime() - DEMO_DAYS * DAY_MS);
    await ensureTenant(application, tenantId);
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
      key: await mintKey(application, tenantId),
      podcastId,
      queryPath: `/v1/metrics/totals?podcastId=${podcastId}&${range}&compare=previous`,
    };
  });
}

/** Suspends what there is of a demo that will not be finished. */
export function abandonDemo(settings: Settings, { tenantId }: DemoPlan): Promise<void> {
  return withApplication(settings, async (application) => {
    const tenants = application.get(TenantsService, { strict: false });
    const change = { name: `${NAME} (unfinished)`, status: 'suspended' } as const;
    await tenants.change(toTenantId(tenantId), change).catch((error: unknown) => {
      if (!(error instanceof DomainError && error.code === 'tenant_not_found')) throw error;
    });
  });
}

async function ensureTenant(application: INestApplicationContext, tenantId: TenantId): Promise<void> {
  const tenants = application.get(TenantsService, { strict: false });
  const db = application.get(TenantDb, { strict: false });
  const found = await db.run(tenantId, () =>
    db.current.sql('SELECT FROM tenants WHERE tenant_id = $1', [tenantId]),
  );
  if (found.length === 0)
    await tenants.create({ name: NAME, timeZone: 'UTC', tenantId }, () => Promise.resolve());
}

/** Last of all: the key of an attempt that was interrupted is known to nobody. */
async function mintKey(application: INestApplicationContext, tenantId: TenantId): Promise<string> {
  const keys = application.get(KeysService, { strict: false });
  const request = {
    kind: 'secret',
    name: 'Demo key',
    scopes: ['admin'],
    trustedSender: true,
    expiresAt: null,
  } as const;
  const db = application.get(TenantDb, { strict: false });
  return (await db.run(tenantId, () => keys.create(request))).credential;
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
  // What follows the totals, in the worker's order: agents have names before anything is counted by them.
  const followers = [
    NameAgents,
    RefreshDimensions,
    RefreshListening,
    RefreshMetricsDaily,
    RefreshReleaseCurves,
    RefreshAudience,
  ];
  for (const follower of followers) {
    const job = application.get<{ run(): Promise<{ days: number }> }>(follower, { strict: false });
    while ((await job.run()).days > 0);
  }
}
