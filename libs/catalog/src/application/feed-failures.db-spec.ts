import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { feedOf, FeedWorld, redirect, serve } from './feed-world.contract.js';
import type { PollFeeds } from './poll-feeds.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;
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
  world.pages.set('/feed', serve(feedOf(FILES)));
  ({ id } = await world.addPodcast('/feed'));
  await poller.run();
  world.asked.length = 0;
});

async function poll(): Promise<void> {
  await world.makeDue(id);
  await poller.run();
}

const fail = (status: number, headers: Record<string, string> = {}) =>
  world.pages.set('/feed', (_, response) => response.writeHead(status, headers).end());

describe('a feed that fails', () => {
  test('keeps what was imported, tells why, and is not asked again at once', async () => {
    fail(503);
    const before = await world.episodes(id);
    await poll();
    await poller.run();
    const { error, failures, wait, updatedAt } = await world.feed(id);
    expect([error, failures]).toEqual(['feed_status: the server of the feed answers 503', 1]);
    expect(wait).toBeGreaterThan(22 * 60);
    expect(wait).toBeLessThan(31 * 60);
    expect(await world.episodes(id)).toEqual(before);
    expect(updatedAt.getTime()).toBeLessThan(Date.now());
    expect(world.asked).toEqual(['/feed']);
  });

  test('is asked ever more rarely, up to a day, and as before once it answers', async () => {
    fail(500);
    const waits: number[] = [];
    for (let failure = 0; failure < 9; failure += 1) {
      await poll();
      waits.push((await world.feed(id)).wait);
    }
    for (const [index, wait] of waits.entries()) {
      const longest = Math.min(DAY, 900 * 2 ** (index + 1));
      expect(wait).toBeGreaterThan(longest * 0.74);
      expect(wait).toBeLessThan(longest + 2);
    }
    world.pages.set('/feed', serve(feedOf(FILES)));
    await poll();
    const { failures, error, wait } = await world.feed(id);
    expect([failures, error]).toEqual([0, null]);
    expect(wait).toBeLessThan(17 * 60);
  });

  test.each([429, 503])('with %i is left alone for as long as it asks', async (status) => {
    fail(status, { 'retry-after': String(3 * DAY) });
    await poll();
    const { wait } = await world.feed(id);
    expect(Math.abs(wait - 3 * DAY)).toBeLessThan(5);
  });

  test('with 410 is not polled any more, until someone asks for it', async () => {
    fail(410);
    await poll();
    const { error, wait } = await world.feed(id);
    expect([error, wait]).toEqual([expect.stringMatching(/^feed_gone: .*410/), null]);
    await poller.run();
    expect(world.asked).toEqual(['/feed']);
  });

  test('for reasons of ours is put off like any other', async () => {
    await world.database.owner.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
       CREATE TRIGGER refuse BEFORE INSERT ON episodes FOR EACH ROW EXECUTE FUNCTION refuse()`,
    );
    world.pages.set('/feed', serve(feedOf({ ...FILES, b: 'https://cdn.example.com/b.mp3' })));
    await poll();
    await world.database.owner.query('DROP TRIGGER refuse ON episodes; DROP FUNCTION refuse');
    const { error, failures, wait } = await world.feed(id);
    expect([error, failures]).toEqual([expect.stringMatching(/^feed_not_stored: /), 1]);
    expect(wait).toBeGreaterThan(22 * 60);
    expect(await world.episodes(id)).toHaveLength(1);
  });
});

const CHANNEL = '<rss version="2.0"><channel><title>T</title>';

describe('a feed that attacks costs little, and says so', () => {
  test.each<[string, string, () => void]>([
    ['redirects in a circle', 'feed_redirects', () => world.pages.set('/feed', redirect(302, '/feed'))],
    [
      'is a gzip bomb',
      'feed_too_large',
      () =>
        world.pages.set(
          '/feed',
          serve(gzipSync(Buffer.alloc(200 * MIB, ' ')), { 'content-encoding': 'gzip' }),
        ),
    ],
    [
      'is an entity bomb',
      'feed_doctype',
      () =>
        world.pages.set(
          '/feed',
          serve(
            `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>${CHANNEL}&b;</channel></rss>`,
          ),
        ),
    ],
    [
      'has a million items',
      'feed_too_many_items',
      () => world.pages.set('/feed', serve(`${CHANNEL}${'<item></item>'.repeat(1_000_000)}</channel></rss>`)),
    ],
    ['is cut off', 'feed_malformed', () => world.pages.set('/feed', serve(feedOf(FILES).slice(0, -30)))],
    [
      'is packed in no way that we know',
      'feed_encoding',
      () => world.pages.set('/feed', serve('x', { 'content-encoding': 'zstd' })),
    ],
    ['says that nothing has changed, unasked', 'feed_status', () => fail(304)],
  ])('when it %s', async (_, code, prepare) => {
    prepare();
    const before = await world.episodes(id);
    const heap = process.memoryUsage();
    const start = performance.now();
    await poll();
    expect(performance.now() - start).toBeLessThan(10_000);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - heap.heapUsed - heap.arrayBuffers).toBeLessThan(200 * MIB);
    expect(await world.feed(id)).toMatchObject({
      error: expect.stringMatching(new RegExp(`^${code}: `)),
      failures: 1,
    });
    expect(await world.episodes(id)).toEqual(before);
  });

  test('and one in a charset that is none is read as well as it can be', async () => {
    const body = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="x-unheard-of"?><rss version="2.0"><channel><title>Caf'),
      Buffer.from([0xe9]),
      Buffer.from('</title></channel></rss>'),
    ]);
    world.pages.set('/feed', serve(body, { 'content-type': 'text/xml; charset=utf-99' }));
    await poll();
    expect(await world.feed(id)).toMatchObject({ title: 'Caf\ufffd', error: null, failures: 0 });
  });
});
