import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { feedOf, FeedWorld, redirect, serve } from './feed-world.contract.js';
import type { PollFeeds } from './poll-feeds.js';

const FILES = { a: 'https://cdn.example.com/a.mp3' };
let world: FeedWorld;
let poller: PollFeeds;
let id: string;
beforeAll(async () => {
  world = await FeedWorld.open();
  poller = world.poller();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.database.owner.query("UPDATE podcasts SET feed_next_check_at = 'infinity'");
  world.pages.clear();
  ({ id } = await world.addPodcast('/old'));
  world.asked.length = 0;
});

const at = (path: string): string => `${world.origin}${path}`;
const movedTo = (path: string, by: string, detail: object = {}) => [
  { kind: 'feed_moved', episodeId: null, detail: { from: at('/old'), to: at(path), movedBy: by, ...detail } },
];
/** A feed that says where it has moved to. */
const movingTo = (path: string) =>
  serve(feedOf(FILES, `<itunes:new-feed-url>${at(path)}</itunes:new-feed-url>`), { etag: '"old"' });

async function poll(): Promise<void> {
  await world.makeDue(id);
  await poller.run();
}

describe('a redirect', () => {
  test.each([301, 308])('that is permanent (%i) becomes the address of the feed', async (status) => {
    world.pages.set('/old', redirect(status, '/new'));
    world.pages.set('/new', serve(feedOf(FILES)));
    await poll();
    expect(await world.feed(id)).toMatchObject({ url: at('/new'), error: null, title: 'Tidewater' });
    await poll();
    expect(world.asked).toEqual(['/old', '/new', '/new']);
    expect(await world.annotations(id)).toEqual(movedTo('/new', 'permanent_redirect'));
  });

  test('that is temporary is followed each time', async () => {
    world.pages.set('/old', redirect(302, '/today'));
    world.pages.set('/today', serve(feedOf(FILES)));
    await poll();
    await poll();
    expect(world.asked).toEqual(['/old', '/today', '/old', '/today']);
    expect(await world.feed(id)).toMatchObject({ url: at('/old') });
    expect(await world.annotations(id)).toEqual([]);
  });

  test('that is permanent counts also where the feed behind it has not changed', async () => {
    world.pages.set('/old', redirect(302, '/new'));
    world.pages.set('/new', serve(feedOf(FILES), { etag: '"1"' }));
    await poll();
    world.pages.set('/old', redirect(301, '/new'));
    world.pages.set('/new', (request, response) =>
      response.writeHead(request.headers['if-none-match'] === '"1"' ? 304 : 500).end(),
    );
    await poll();
    expect(await world.feed(id)).toMatchObject({ url: at('/new'), failures: 0, etag: '"1"' });
    expect(await world.annotations(id)).toEqual(movedTo('/new', 'permanent_redirect'));
  });

  test.each([301, 302])(
    'that leads (%i) to another feed with the same validators brings what is there',
    async (status) => {
      const same = { etag: '"1"', 'last-modified': 'Sat, 17 Oct 2026 06:15:00 GMT' };
      world.pages.set('/old', serve(feedOf(FILES), same));
      await poll();
      world.pages.set('/old', redirect(status, '/new'));
      world.pages.set('/new', ({ headers }, response) => {
        const isKnown = headers['if-none-match'] === '"1"' || 'if-modified-since' in headers;
        if (isKnown) response.writeHead(304).end();
        else response.writeHead(200, same).end(feedOf({ ...FILES, b: 'https://cdn.example.com/b.mp3' }));
      });
      await poll();
      expect((await world.episodes(id)).map(({ guid }) => guid)).toEqual(['a', 'b']);
      await poll();
      expect(await world.feed(id)).toMatchObject({ failures: 0, error: null, etag: '"1"' });
    },
  );

  test('that leads to nothing readable moves nothing', async () => {
    world.pages.set('/old', redirect(301, '/login'));
    world.pages.set('/login', serve('<!DOCTYPE html><html></html>'));
    await poll();
    const { url, error } = await world.feed(id);
    expect([url, error]).toEqual([at('/old'), expect.stringMatching(/^feed_not_rss: /)]);
    expect(await world.annotations(id)).toEqual([]);
  });
});

describe('itunes:new-feed-url', () => {
  test('is followed at once, step by step, and counts once a feed was read there', async () => {
    world.pages.set('/old', movingTo('/newer'));
    world.pages.set('/newer', movingTo('/newest'));
    world.pages.set(
      '/newest',
      serve(feedOf({ ...FILES, b: 'https://cdn.example.com/b.mp3' }), { etag: '"n"' }),
    );
    await poll();
    expect(world.asked).toEqual(['/old', '/newer', '/newest']);
    expect(await world.feed(id)).toMatchObject({ url: at('/newest'), etag: '"n"', error: null });
    expect(await world.episodes(id)).toHaveLength(2);
    expect(await world.annotations(id)).toEqual(movedTo('/newest', 'new_feed_url'));
  });

  test('of where the feed already is changes nothing, redirects included', async () => {
    world.pages.set('/old', movingTo('/old'));
    await poll();
    world.pages.set('/old', movingTo('/alias'));
    world.pages.set('/alias', redirect(301, '/old'));
    await poll();
    expect(await world.feed(id)).toMatchObject({ url: at('/old'), error: null, etag: '"old"' });
    expect(await world.annotations(id)).toEqual([]);
  });

  test('of where a temporary redirect leads makes it permanent', async () => {
    world.pages.set('/old', redirect(302, '/new'));
    world.pages.set('/new', movingTo('/new'));
    await poll();
    expect(world.asked).toEqual(['/old', '/new']);
    expect(await world.feed(id)).toMatchObject({ url: at('/new'), error: null });
    expect(await world.annotations(id)).toEqual(movedTo('/new', 'new_feed_url'));
  });

  test('to an address that fails is tried again, while the old one goes on being used', async () => {
    world.pages.set('/old', movingTo('/new'));
    await poll();
    expect(await world.feed(id)).toMatchObject({
      url: at('/old'),
      etag: null,
      failures: 0,
      error: expect.stringMatching(/^feed_move_failed: .*404/),
    });
    expect(await world.episodes(id)).toHaveLength(1);
    world.pages.set('/new', serve(feedOf(FILES)));
    await poll();
    expect(await world.feed(id)).toMatchObject({ url: at('/new'), error: null });
  });

  test('in a circle, or on and on, is not followed', async () => {
    world.pages.set('/old', movingTo('/new'));
    world.pages.set('/new', movingTo('/old'));
    await poll();
    for (let step = 0; step < 20; step += 1) world.pages.set(`/${step}`, movingTo(`/${step + 1}`));
    const circle = await world.feed(id);
    world.pages.set('/old', movingTo('/0'));
    world.asked.length = 0;
    await poll();
    for (const feed of [circle, await world.feed(id)])
      expect(feed).toMatchObject({ url: at('/old'), error: expect.stringMatching(/^feed_move_failed: /) });
    expect(world.asked.length).toBeLessThan(6);
    expect(await world.annotations(id)).toEqual([]);
  });
});

describe('a podcast that changes while its feed is on its way', () => {
  const change = (text: string) =>
    world.database.owner.query(`UPDATE podcasts SET ${text} WHERE id = $1`, [id]);

  test.each([
    ['gets another address', "feed_url = 'https://elsewhere.example/feed', feed_next_check_at = NULL"],
    ['is archived', 'archived_at = now()'],
  ])('and %s takes nothing of it', async (_, text) => {
    world.pages.set('/old', (request, response) => {
      void change(text).then(() => serve(feedOf(FILES))(request, response));
    });
    await world.makeDue(id);
    const before = await world.feed(id);
    expect(await poller.run()).toMatchObject({ superseded: 1, imported: 0 });
    expect(await world.feed(id)).toMatchObject({ title: before.title, error: null, failures: 0 });
    expect(await world.episodes(id)).toEqual([]);
    await change("feed_next_check_at = 'infinity'");
  });

  test('is not blamed for the old address either', async () => {
    world.pages.set('/old', (_, response) => {
      const text = "feed_url = 'https://elsewhere.example/feed', feed_next_check_at = NULL";
      void change(text).then(() => response.writeHead(500).end());
    });
    await world.makeDue(id);
    await poller.run();
    expect(await world.feed(id)).toMatchObject({ error: null, failures: 0 });
  });
});
