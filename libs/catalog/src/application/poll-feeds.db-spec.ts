import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { feedOf, FeedWorld, serve } from './feed-world.contract.js';
import type { PollFeeds, PollReport } from './poll-feeds.js';

const MINUTE = 60;
let world: FeedWorld;
let poller: PollFeeds;
beforeAll(async () => {
  world = await FeedWorld.open({ TRACKING_HOSTS: 'track.example' });
  poller = world.poller();
});
afterAll(() => world.close());
afterEach(async () => {
  world.asked.length = 0;
  await world.database.owner.query("UPDATE podcasts SET feed_next_check_at = 'infinity'");
});

const FILES = {
  a: 'https://cdn.example.com/a.mp3',
  b: 'https://cdn.example.com/b.mp3',
  c: 'https://cdn.example.com/c.mp3',
};

/** Lets the feed answer so, and polls it. */
async function poll(id: string, body: string, headers: Record<string, string> = {}): Promise<PollReport> {
  world.pages.set('/feed', serve(body, headers));
  await world.makeDue(id);
  return poller.run();
}

describe('a poll', () => {
  test('brings a feed in that was never polled, and then leaves it alone for its interval', async () => {
    world.pages.set('/feed', serve(feedOf(FILES), { etag: '"1"' }));
    const { id } = await world.addPodcast('/feed');
    expect(await poller.run()).toMatchObject({ imported: 1, failed: 0 });
    expect(await world.episodes(id)).toMatchObject([{ guid: 'a' }, { guid: 'b' }, { guid: 'c' }]);
    const { wait, ...feed } = await world.feed(id);
    expect(feed).toMatchObject({ title: 'Tidewater', etag: '"1"', failures: 0, error: null });
    expect(wait).toBeGreaterThan(13 * MINUTE);
    expect(wait).toBeLessThan(16.6 * MINUTE);
    expect(await poller.run()).toMatchObject({ imported: 0, taken: 0, left: 0 });
    expect(world.asked).toEqual(['/feed']);
  });

  test('registers the hosts of files and of other renditions, behind their prefixes', async () => {
    const { tenantId, id } = await world.addPodcast('/feed');
    const item = `<item><guid>d</guid><enclosure url="https://op3.dev/e/cdn.example.com/d.mp3" type="audio/mpeg"/>
      <podcast:alternateEnclosure xmlns:podcast="https://podcastindex.org/namespace/1.0" type="video/mp4">
        <podcast:source uri="https://track.example/r/x/video.example.org/d.mp4"/>
        <podcast:source uri="https://mirror.example.org:8443/d.mp4"/>
        <podcast:source uri="ipfs://bafy/d.mp4"/>
      </podcast:alternateEnclosure>
      <podcast:alternateEnclosure xmlns:podcast="https://podcastindex.org/namespace/1.0" type="text/html">
        <podcast:source uri="https://videos.example.com/watch"/>
      </podcast:alternateEnclosure></item>`;
    expect(await poll(id, feedOf({}, item))).toMatchObject({ imported: 1 });
    const { rows } = await world.database.owner.query<{ host: string }>(
      'SELECT host FROM podcast_hosts WHERE tenant_id = $1 ORDER BY host',
      [tenantId],
    );
    expect(rows.map(({ host }) => host)).toEqual([
      'cdn.example.com',
      'mirror.example.org:8443',
      'video.example.org',
    ]);
  });

  test('asks with the validators of its copy; 304 moves only the times of the polls', async () => {
    const { id } = await world.addPodcast('/feed');
    const changed = 'Mon, 02 Mar 2026 06:00:00 GMT';
    await poll(id, feedOf(FILES), { etag: '"1"', 'last-modified': changed });
    const [feed, episodes] = [await world.feed(id), await world.episodes(id)];
    let headers: object = {};
    world.pages.set('/feed', (request, response) => {
      headers = request.headers;
      response.writeHead(304).end();
    });
    await world.makeDue(id);
    expect(await poller.run()).toMatchObject({ unchanged: 1, imported: 0 });
    expect(headers).toMatchObject({ 'if-none-match': '"1"', 'if-modified-since': changed });
    const now = await world.feed(id);
    expect(now).toEqual({ ...feed, checkedAt: expect.any(Date), wait: expect.any(Number) });
    expect(now.checkedAt!.getTime()).toBeGreaterThan(feed.checkedAt!.getTime());
    expect(now.wait).toBeGreaterThan(13 * MINUTE);
    expect(await world.episodes(id)).toEqual(episodes);
    expect(await world.annotations(id)).toEqual([]);
  });

  test('brings a new episode in, and leaves the others as they are', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf({ a: FILES.a }));
    const before = await world.episodes(id);
    expect(await poll(id, feedOf(FILES))).toMatchObject({ imported: 1 });
    const after = await world.episodes(id);
    expect(after.map(({ guid }) => guid)).toEqual(['a', 'b', 'c']);
    expect(after[0]).toEqual(before[0]);
    expect(await world.annotations(id)).toEqual([]);
  });

  test('keeps the feeds of two tenants apart, also when they are one', async () => {
    world.pages.set('/feed', serve(feedOf(FILES)));
    const [one, two] = [await world.addPodcast('/feed'), await world.addPodcast('/feed')];
    expect(await poller.run()).toMatchObject({ imported: 2 });
    const ids = await Promise.all(
      [one, two].map(async ({ id }) => (await world.episodes(id)).map((e) => e.id)),
    );
    expect(new Set(ids.flat()).size).toBe(6);
    const { rows } = await world.database.owner.query(
      'SELECT DISTINCT tenant_id AS "tenantId", podcast_id AS id FROM episodes WHERE podcast_id = ANY ($1)',
      [[one.id, two.id]],
    );
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(expect.arrayContaining([one, two]));
  });

  test('leaves archived podcasts and those without a feed alone', async () => {
    const { id } = await world.addPodcast('/feed');
    await world.database.owner.query('UPDATE podcasts SET archived_at = now() WHERE id = $1', [id]);
    const other = await world.addPodcast('/feed');
    await world.database.owner.query('UPDATE podcasts SET feed_url = NULL WHERE id = $1', [other.id]);
    await poller.run();
    expect(world.asked).toEqual([]);
  });
});

describe('a changed address of a file', () => {
  test('leaves one annotation for all episodes that got a prefix', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf(FILES));
    const prefixed: Record<string, string> = {};
    for (const [guid, url] of Object.entries(FILES)) prefixed[guid] = `https://op3.dev/e/${url.slice(8)}`;
    await poll(id, feedOf(prefixed));
    const episodes = await world.episodes(id);
    const before = { host: 'cdn.example.com', prefixes: [] };
    expect(await world.annotations(id)).toEqual([
      {
        kind: 'prefix_changed',
        episodeId: null,
        detail: {
          episodes: 3,
          changed: ['prefixes'],
          hostsBefore: ['cdn.example.com'],
          hostsAfter: ['cdn.example.com'],
          prefixesAdded: ['op3.dev'],
          prefixesRemoved: [],
          examples: episodes.map(({ id: episodeId, guid }) => ({
            episodeId,
            title: `Item ${guid}`,
            changed: ['prefixes'],
            before,
            after: { ...before, prefixes: ['op3.dev'] },
          })),
        },
      },
    ]);
    await poll(id, feedOf(prefixed));
    expect(await world.annotations(id)).toHaveLength(1);
  });

  test('is told from a change of the prefix, and of one episode it names that one', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf({ ...FILES, c: 'https://op3.dev/e/cdn.example.com/c.mp3' }));
    await poll(id, feedOf({ ...FILES, b: 'https://new.example.com/b2.mp3' }));
    const [, b, c] = await world.episodes(id);
    expect(await world.annotations(id)).toMatchObject([
      {
        kind: 'enclosure_changed',
        episodeId: b!.id,
        detail: { episodes: 1, hostsAfter: ['new.example.com'] },
      },
      { kind: 'prefix_changed', episodeId: c!.id, detail: { episodes: 1, prefixesRemoved: ['op3.dev'] } },
    ]);
  });

  test('to our own redirect is a prefix like any other', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf({ a: FILES.a }));
    await poll(id, feedOf({ a: `https://track.example/r/tide/${FILES.a.slice(8)}` }));
    expect(await world.annotations(id)).toMatchObject([
      {
        kind: 'prefix_changed',
        detail: { prefixesAdded: ['track.example'], hostsAfter: ['cdn.example.com'] },
      },
    ]);
  });

  test('of its query alone says so, and keeps nothing of the query', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf(FILES));
    await poll(
      id,
      feedOf({ a: `${FILES.a}?token=secret`, b: 'https://new.example.com/b2.mp3?token=secret', c: FILES.c }),
    );
    const annotations = await world.annotations(id);
    expect(annotations).toMatchObject([
      {
        kind: 'enclosure_changed',
        detail: {
          episodes: 2,
          changed: ['host', 'path', 'query'],
          examples: [{ changed: ['query'] }, { changed: ['host', 'path', 'query'] }],
        },
      },
    ]);
    expect(JSON.stringify(annotations)).not.toMatch(/token|secret/);
  });

  test('is none while only a signature is renewed', async () => {
    const { id } = await world.addPodcast('/feed');
    await poll(id, feedOf({ a: `${FILES.a}?expires=1&sig=x` }));
    await poll(id, feedOf({ a: `${FILES.a}?expires=2&sig=y` }));
    expect((await world.episodes(id))[0]!.enclosureUrl).toContain('sig=y');
    expect(await world.annotations(id)).toEqual([]);
  });
});
