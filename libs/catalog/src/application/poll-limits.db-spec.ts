import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestTenant } from '@lib/testing';
import { HostBusy } from '../domain/feed.errors.js';
import { claimFeed } from '../infrastructure/claim-feed.sql.js';
import { dueFeeds } from '../infrastructure/due-feeds.sql.js';
import { claimFeedLane, feedLaneWaitMs, freeFeedLane } from '../infrastructure/feed-lanes.sql.js';
import { POLL_LEASE_SECONDS, type PollOutcome } from './feed-poller.js';
import { feedOf, FeedWorld, redirect, serve } from './feed-world.contract.js';
import { HeldLane } from './held-lane.js';
import { HostLanes } from './host-lanes.js';
import type { PollFeeds, PollReport } from './poll-feeds.js';

const BODY = feedOf({ a: 'https://cdn.example.com/a.mp3' });
let world: FeedWorld;
beforeEach(async () => {
  world = await FeedWorld.open();
});
afterEach(() => world.close());

/** Podcasts with feeds that take a moment; `paths` are their pages. */
async function addFeeds(count: number, name = 'f', origin = world.origin): Promise<string[]> {
  const { tenantId } = await createTestTenant(world.database, 'Tenant', 0);
  const paths = Array.from({ length: count }, (_, index) => `/${name}${index}`);
  for (const path of paths) {
    world.pages.set(path, (_, response) => void setTimeout(() => response.end(BODY), 50));
    await world.addPodcast(path, tenantId, origin);
  }
  return paths;
}

/** A request as its server saw it, in milliseconds of `performance.now()`. */
interface Visit {
  readonly host: string;
  readonly path: string;
  readonly start: number;
  end: number;
}

/** Lets every page note who asked for it, and when. */
function watch(paths: readonly string[]): Visit[] {
  const visits: Visit[] = [];
  for (const path of paths)
    world.pages.set(path, ({ headers }, response) => {
      const visit = { host: headers.host ?? '', path, start: performance.now(), end: Infinity };
      visits.push(visit);
      setTimeout(() => {
        visit.end = performance.now();
        response.end(BODY);
      }, 30);
    });
  return visits;
}

/** The shortest pause between two visits of one host; negative where they overlap. */
function shortestPause(visits: readonly Visit[]): number {
  const pauses = visits.flatMap((visit) => {
    const next = visits.filter(({ host, start }) => host === visit.host && start > visit.start);
    return next.map(({ start }) => start - visit.end);
  });
  return Math.min(...pauses);
}

/** Lets the workers run again and again, all at once, until nothing is due. */
async function pollAll(workers: readonly PollFeeds[]): Promise<PollReport[]> {
  const reports: PollReport[] = [];
  const { app } = world.connections();
  const runAgain = async (worker: PollFeeds): Promise<void> => {
    while ((await app.transaction((sql) => dueFeeds(sql, 1))).length > 0) reports.push(await worker.run());
  };
  await Promise.all(workers.map(runAgain));
  return reports;
}

const sum = (reports: readonly PollReport[], outcome: keyof PollReport) =>
  reports.reduce((total, report) => total + report[outcome], 0);

describe('several workers', () => {
  test('together ask a host one thing at a time, with the pause after each, and poll every feed once', async () => {
    await world.close();
    world = await FeedWorld.open({ FEED_HOST_GAP_MS: '60' });
    const elsewhere = await world.openHost();
    const paths = [...(await addFeeds(10)), ...(await addFeeds(10, 'g', elsewhere))];
    const visits = watch(paths);
    const reports = await pollAll([world.poller(), world.poller(), world.poller()]);
    expect(visits.map(({ path }) => path).sort()).toEqual([...paths].sort());
    expect(shortestPause(visits)).toBeGreaterThanOrEqual(60);
    expect([sum(reports, 'imported'), sum(reports, 'failed')]).toEqual([20, 0]);
    // The other host is asked meanwhile.
    const [first, last] = [visits[0]!, visits.findLast(({ host }) => host === visits[0]!.host)!];
    expect(visits.some(({ host, start }) => host !== first.host && start < last.start)).toBe(true);
  });

  test('keep to it where feeds send them on to the host, by a redirect or a new address', async () => {
    await world.close();
    world = await FeedWorld.open({ FEED_HOST_GAP_MS: '60' });
    const elsewhere = await world.openHost();
    const direct = await addFeeds(5, 'direct', elsewhere);
    const sentOn = await addFeeds(5, 'redirected');
    const moved = await addFeeds(3, 'moved');
    const targets = [...sentOn, ...moved].map((path) => `${path}/there`);
    for (const path of sentOn) world.pages.set(path, redirect(302, `${elsewhere}${path}/there`));
    for (const path of moved) {
      const address = `<itunes:new-feed-url>${elsewhere}${path}/there</itunes:new-feed-url>`;
      world.pages.set(path, serve(feedOf({ a: 'https://cdn.example.com/a.mp3' }, address)));
    }
    const visits = watch([...direct, ...targets]);
    const reports = await pollAll([world.poller(), world.poller()]);
    expect(visits.map(({ path }) => path).sort()).toEqual([...direct, ...targets].sort());
    expect(new Set(visits.map(({ host }) => host)).size).toBe(1);
    expect(shortestPause(visits)).toBeGreaterThanOrEqual(60);
    expect([sum(reports, 'imported'), sum(reports, 'failed')]).toEqual([13, 0]);
  });

  test('hold one lane at a time, and give up on a host whose turn does not come', async () => {
    const { app } = world.connections();
    const [first, second] = [new HeldLane(app, 0, 20), new HeldLane(app, 0, 20)];
    await first.moveTo('a.example');
    await second.moveTo('b.example');
    await expect(first.moveTo('b.example')).rejects.toThrow(HostBusy);
    // It has left its own, so that nobody waits for it in turn.
    await second.moveTo('a.example');
    await first.moveTo('b.example');
    await Promise.all([first.release(), second.release()]);
    await new HeldLane(app, 0, 20).moveTo('a.example');
  });

  test('poll a feed later, without a fault of its own, when the host that it leads to is not free', async () => {
    const { tenantId, id } = await world.addPodcast('/busy');
    const busy = () => Promise.reject(new HostBusy());
    expect(await world.feedPoller().poll(tenantId, id, busy)).toBe('postponed');
    const { failures, error, wait } = await world.feed(id);
    expect([failures, error, world.asked]).toEqual([0, null, []]);
    expect(wait).toBeGreaterThan(25);
    expect(wait).toBeLessThanOrEqual(30);
  });

  test('leave the feeds of a host that one of them has, which stay due, and poll them when it dies', async () => {
    await addFeeds(2);
    const elsewhere = await world.openHost();
    const [other] = await addFeeds(1, 'other', elsewhere);
    const { app } = world.connections();
    const { lane } = (await app.transaction((sql) => dueFeeds(sql, 1)))[0]!;
    const claim = () => app.transaction((sql) => claimFeedLane(sql, lane, randomUUID(), POLL_LEASE_SECONDS));
    expect([await claim(), await claim()]).toEqual([true, false]);
    const poller = world.poller();
    expect(await poller.run()).toMatchObject({ imported: 1, left: 2 });
    expect(world.asked).toEqual([other]);
    // Its holder never came back: the lease ends.
    const wait = await app.transaction((sql) => feedLaneWaitMs(sql, lane));
    expect(wait / 1000).toBeGreaterThan(POLL_LEASE_SECONDS - 10);
    expect(wait / 1000).toBeLessThanOrEqual(POLL_LEASE_SECONDS);
    await app.query('UPDATE feed_lanes SET free_at = now() WHERE lane = $1', [lane]);
    expect(await poller.run()).toMatchObject({ imported: 2, left: 0 });
  });

  test('neither shorten nor lengthen what another has by then', async () => {
    const { app } = world.connections();
    const [late, holder] = [randomUUID(), randomUUID()];
    await app.transaction((sql) => claimFeedLane(sql, '7', late, 0));
    expect(await app.transaction((sql) => claimFeedLane(sql, '7', holder, 100))).toBe(true);
    await app.transaction((sql) => freeFeedLane(sql, '7', late, 0));
    expect(await app.transaction((sql) => claimFeedLane(sql, '7', randomUUID(), 1))).toBe(false);
    await app.transaction((sql) => freeFeedLane(sql, '7', holder, 0));
    expect(await app.transaction((sql) => claimFeedLane(sql, '7', randomUUID(), 1))).toBe(true);
  });

  test('leave no row behind for a lane that is free', async () => {
    await addFeeds(2);
    const poller = world.poller();
    await poller.run();
    await poller.run();
    expect((await world.database.owner.query('SELECT FROM feed_lanes')).rowCount).toBe(0);
  });

  test('hold no transaction while a feed is on its way', async () => {
    await addFeeds(1, 'slow');
    let open = -1;
    world.pages.set('/slow0', (_, response) => {
      const text = `SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
          AND backend_type = 'client backend'`;
      void world.database.owner.query(text).then(({ rowCount }) => {
        open = rowCount ?? -1;
        response.end(BODY);
      });
    });
    expect(await world.poller().run()).toMatchObject({ imported: 1 });
    expect(open).toBe(0);
  });

  test('lose nothing but time when one dies in the middle of a poll', async () => {
    await addFeeds(1);
    const { db, app } = world.connections();
    const [due] = await app.transaction((sql) => dueFeeds(sql, 9));
    const claim = () =>
      db.run(due!.tenantId, () =>
        claimFeed(db.current.sql, due!.tenantId, due!.podcastId, POLL_LEASE_SECONDS),
      );
    expect(await claim()).toBeDefined();
    expect(await claim()).toBeUndefined();
    const poller = world.poller();
    expect(await poller.run()).toMatchObject({ imported: 0, taken: 0 });
    expect((await world.feed(due!.podcastId)).wait).toBeGreaterThan(POLL_LEASE_SECONDS - 5);
    await world.makeDue(due!.podcastId);
    expect(await poller.run()).toMatchObject({ imported: 1 });
  });
});

describe('what is due', () => {
  test('is listed fairly: the longest due of each tenant and each host first', async () => {
    await addFeeds(30, 'crowd');
    const elsewhere = await world.openHost();
    await addFeeds(3, 'small');
    await addFeeds(2, 'late', elsewhere);
    const { app, db } = world.connections();
    const due = await app.transaction((sql) => dueFeeds(sql, 4));
    const paths = await Promise.all(
      due.map(({ tenantId, podcastId }) =>
        db.run(tenantId, async () => {
          const sql = 'SELECT feed_url AS url FROM podcasts WHERE tenant_id = $1 AND id = $2';
          return new URL((await db.current.sql<{ url: string }>(sql, [tenantId, podcastId]))[0]!.url)
            .pathname;
        }),
      ),
    );
    expect(paths.slice(0, 2)).toEqual(['/crowd0', '/late0']);
    expect(paths).toContain('/small0');
    expect(new Set(due.map(({ lane }) => lane)).size).toBe(2);
    expect(due[0]!.dueForSeconds).toBeGreaterThan(0);
  });
});

test('feeds of a suspended tenant wait until it is active again', async () => {
  await addFeeds(2);
  const suspend = (status: string) => world.database.owner.query('UPDATE tenants SET status = $1', [status]);
  await suspend('suspended');
  await world.poller().run();
  expect(world.asked).toEqual([]);
  await suspend('active');
  expect(await world.poller().run()).toMatchObject({ imported: 2 });
});

describe('a host', () => {
  let running: Map<string, number>;
  let most: number;
  let mostOfHost: number;
  const lanesOf = (gapMs: number) => new HostLanes(world.connections().app, gapMs);
  const starts: { host: string; start: number; end: number }[] = [];
  beforeAll(() => {
    running = new Map();
  });
  beforeEach(() => {
    most = mostOfHost = starts.length = 0;
  });
  afterAll(() => running.clear());

  const request = (host: string, ms: number) => async (): Promise<PollOutcome> => {
    const start = performance.now();
    running.set(host, (running.get(host) ?? 0) + 1);
    mostOfHost = Math.max(mostOfHost, running.get(host) ?? 0);
    most = Math.max(
      most,
      [...running.values()].reduce((sum, count) => sum + count, 0),
    );
    await sleep(ms);
    running.set(host, (running.get(host) ?? 0) - 1);
    starts.push({ host, start, end: performance.now() });
    return 'imported';
  };

  test('is asked one thing at a time, with a pause after each, while others are asked too', async () => {
    const lanes = lanesOf(40);
    const hosts = Array.from({ length: 24 }, (_, index) => String(index % 8));
    const answers = hosts.map((host) => lanes.run(host, Infinity, request(host, 30)));
    expect(await Promise.all(answers)).toEqual(hosts.map(() => 'imported'));
    expect([mostOfHost, most]).toEqual([1, 4]);
    for (const host of new Set(hosts)) {
      const own = starts.filter((each) => each.host === host).sort((a, b) => a.start - b.start);
      for (const [index, { start }] of own.entries())
        if (index > 0) expect(start - own[index - 1]!.end).toBeGreaterThan(35);
    }
  });

  test('keeps its pause from one run to the next, and is not asked after the time is up', async () => {
    const lanes = lanesOf(200);
    await lanes.run('1', Infinity, request('host', 1));
    expect(await lanes.run('1', performance.now() + 100, request('host', 1))).toBeUndefined();
    expect(await lanes.run('2', performance.now() + 100, request('other', 1))).toBe('imported');
    expect(await lanes.run('1', Infinity, request('host', 1))).toBe('imported');
    const [first, , last] = starts;
    expect(last!.start - first!.end).toBeGreaterThan(190);
  });

  test('goes on after a failure', async () => {
    const lanes = lanesOf(1);
    const failing = lanes.run('1', Infinity, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await lanes.run('1', Infinity, request('host', 1))).toBe('imported');
  });
});

test('feeds of one host are polled with the pause between them', async () => {
  const slow = await FeedWorld.open({ FEED_HOST_GAP_MS: '300' });
  const times: number[] = [];
  const { tenantId } = await createTestTenant(slow.database, 'Tenant', 0);
  for (const path of ['/1', '/2', '/3']) {
    slow.pages.set(path, (_, response) => {
      times.push(performance.now());
      response.end(BODY);
    });
    await slow.addPodcast(path, tenantId);
  }
  expect(await slow.poller().run()).toMatchObject({ imported: 3 });
  await slow.close();
  expect(times).toHaveLength(3);
  for (const [index, time] of times.entries())
    if (index > 0) expect(time - times[index - 1]!).toBeGreaterThan(290);
});
