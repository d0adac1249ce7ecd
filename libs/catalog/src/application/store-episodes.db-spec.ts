import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import type { FeedImportReport } from '../domain/feed-import-report.js';
import { parseFeed } from '../infrastructure/parse-feed.js';
import { storeFeed } from './store-feed.js';

/** More than two statements take. */
const ITEMS = 1_100;
/** A number without a factor in common with the number of items leads to each of them, in another order. */
const STEP = 379;

let database: TestDatabase;
let connections: TestConnections;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

/** Items in another order than their dates; the last has none. */
function feedOf(name: string): Buffer {
  const items = Array.from({ length: ITEMS }, (_, n) => {
    const day = (n * STEP) % ITEMS;
    const date =
      n === ITEMS - 1 ? '' : `<pubDate>${new Date(Date.UTC(2020, 0, day)).toUTCString()}</pubDate>`;
    return `<item><title>${name} ${n}</title><guid>${n}</guid>${date}
      <enclosure url="https://cdn.example.com/${n}.mp3" length="1" type="audio/mpeg"/></item>`;
  });
  return Buffer.from(
    `<rss version="2.0"><channel><title>T</title><link>https://t.example/</link>${items.join('')}</channel></rss>`,
  );
}

test('a feed of more episodes than a statement takes is stored whole, and listed as it was published', async () => {
  const { db } = connections;
  const { tenantId } = await createTestTenant(database, 'Tenant', 0);
  const importFeed = (name: string): Promise<FeedImportReport> => {
    const source = { podcastId: undefined, fetched: undefined, ownPrefixHosts: [] };
    return db.run(tenantId, () => storeFeed(db.current, parseFeed(feedOf(name)), source));
  };
  const counts = { created: 0, updated: 0, unchanged: 0 };
  const first = await importFeed('One');
  expect(first.episodes).toEqual({ ...counts, created: ITEMS });
  expect((await importFeed('One')).episodes).toEqual({ ...counts, unchanged: ITEMS });
  expect((await importFeed('Two')).episodes).toEqual({ ...counts, updated: ITEMS });
  const { rows } = await database.owner.query<{ publishedAt: Date | null; title: string }>(
    `SELECT published_at AS "publishedAt", title FROM episodes WHERE podcast_id = $1 ORDER BY created_at DESC`,
    [first.podcastId],
  );
  const times = rows.map(({ publishedAt }) => publishedAt?.getTime() ?? -Infinity);
  expect(times).toEqual([...times].sort((a, b) => b - a));
  expect(new Set(rows.map(({ title }) => title)).size).toBe(ITEMS);
  expect(rows.every(({ title }) => title.startsWith('Two '))).toBe(true);
});
