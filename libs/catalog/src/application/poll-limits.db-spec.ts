import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestTenant } from '@lib/testing';
import { claimFeed } from '../infrastructure/claim-feed.sql.js';
import { dueFeeds } from '../infrastructure/due-feeds.sql.js';
import { POLL_LEASE_SECONDS } from './feed-poller.js';
import { feedOf, FeedWorld } from './feed-world.contract.js';
import { HostLanes } from './host-lanes.js';

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

describe('several workers', () => {
  test('that run at once poll every feed once', async () => {
    const paths = await addFeeds(12);
    const reports = await Promise.all([world.poller().run(), world.poller().run(), world.poller().run()]);
    expect([...world.asked].sort()).toEqual([...paths].sort());
    expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(12);
    expect(reports.reduce((sum, { taken }) => sum + taken, 0)).toBe(24);
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
  const starts: { host: string; start: number; end: number }[] = [];
  beforeAll(() => {
    running = new Map();
  });
  beforeEach(() => {
    most = mostOfHost = starts.length = 0;
  });
  afterAll(() => running.clear());

  const request = (host: string, ms: number) => async (): Promise<string> => {
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
    return host;
  };

  test('is asked one thing at a time, with a pause after each, while others are asked too', async () => {
    const lanes = new HostLanes(40);
    const hosts = Array.from({ length: 24 }, (_, index) => `host${index % 8}`);
    const answers = hosts.map((host) => lanes.run(host, Infinity, request(host, 30)));
    expect(await Promise.all(answers)).toEqual(hosts);
    expect([mostOfHost, most]).toEqual([1, 4]);
    for (const host of new Set(hosts)) {
      const own = starts.filter((each) => each.host === host).sort((a, b) => a.start - b.start);
      for (const [index, { start }] of own.entries())
        if (index > 0) expect(start - own[index - 1]!.end).toBeGreaterThan(35);
    }
  });

  test('keeps its pause from one run to the next, and is not asked after the time is up', async () => {
    const lanes = new HostLanes(200);
    await lanes.run('host', Infinity, request('host', 1));
    expect(await lanes.run('host', performance.now() + 50, request('host', 1))).toBeUndefined();
    expect(await lanes.run('other', performance.now() + 50, request('other', 1))).toBe('other');
    expect(await lanes.run('host', Infinity, request('host', 1))).toBe('host');
    const [first, , last] = starts;
    expect(last!.start - first!.end).toBeGreaterThan(190);
  });

  test('goes on after a failure', async () => {
    const lanes = new HostLanes(1);
    const failing = lanes.run('host', Infinity, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await lanes.run('host', Infinity, request('host', 1))).toBe('host');
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
