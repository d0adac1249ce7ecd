import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseFeed, parseFeedInTurns } from './parse-feed.js';

/** How often the event loop came round while this ran. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let running = true;
  const turn = (): void => {
    turns += 1;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  running = false;
  return turns;
}

const item = (n: number) =>
  `<item><title>${n}</title><guid>${n}</guid><description>${'words '.repeat(100)}</description>
   <enclosure url="https://cdn.example.com/${n}.mp3" length="1" type="audio/mpeg"/></item>`;
const large = Buffer.from(
  `<rss version="2.0"><channel><title>T</title>${Array.from({ length: 2000 }, (_, n) => item(n)).join('')}</channel></rss>`,
);

test('a large feed lets everything else have its turn, many times', async () => {
  const chunks = Math.floor(large.length / (64 * 1024));
  expect(chunks).toBeGreaterThan(15);
  expect(await turnsDuring(() => parseFeedInTurns(large))).toBeGreaterThanOrEqual(chunks + 2000 / 100);
});

test.each(['01-full-namespaces.xml', '03-messy-legacy.xml', '05-archive-300.xml'])(
  '%s is read as it is without a break',
  async (name) => {
    const bytes = readFileSync(join(import.meta.dirname, 'fixtures', name));
    const now = new Date('2026-10-20T00:00:00Z');
    expect(await parseFeedInTurns(bytes, { now })).toEqual(parseFeed(bytes, { now }));
  },
);

test('what is no feed is refused as well', async () => {
  await expect(parseFeedInTurns(Buffer.from('<rss>'))).rejects.toMatchObject({ code: 'feed_malformed' });
});
