import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { removeUnstorable } from '../domain/clean-text.js';
import { FeedUnreadable } from '../domain/feed.errors.js';
import type { ParsedFeed } from '../domain/parsed-feed.js';
import { parseFeed } from './parse-feed.js';

const FIXTURES = [
  '01-full-namespaces.xml',
  '02-chained-prefixes.xml',
  '03-messy-legacy.xml',
  '04-latin1.xml',
  'broken-truncated.xml',
  'broken-entity-bomb.xml',
].map((name) => readFileSync(join(import.meta.dirname, 'fixtures', name)));

/** Pieces that mean something to an XML parser, a charset or one of our readers. */
const TOKENS = [
  '<', '>', '&', ';', '"', '<![CDATA[', ']]>', '<!--', '-->', '<?xml', '?>', '<!DOCTYPE', '</item>', '<item>',
  '</channel>', '</rss>', '&#0;', '&#xD800;', '&nbsp;', 'xmlns:a=""', 'xmlns="x"', '<podcast:liveItem>', '/>',
  '\u0000', '\ufeff', '\u2028', 'encoding="utf-16"', 'encoding="gbk"', '%', '%zz', '//', 'https://', '[::1]', '-1',
  '99999999999999999999', 'op3.dev/e/', '__proto__="1"', '<constructor>',
].map((token) => Buffer.from(token)); // prettier-ignore

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(400)),
  insert: fc.oneof(
    fc.constantFrom(...TOKENS),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  ),
});

function mutate(source: Buffer, mutations: readonly { at: number; drop: number; insert: Buffer }[]): Buffer {
  return mutations.reduce((bytes, { at, drop, insert }) => {
    const index = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, index), insert, bytes.subarray(index + drop)]);
  }, source);
}

/** The feed, or null when it was refused in the promised way. Anything else that is thrown goes through. */
function tryParse(bytes: Buffer, charset: string | null): ParsedFeed | null {
  try {
    return parseFeed(bytes, { charset, ownPrefixHosts: ['t.stats.brickandbyte.example'] });
  } catch (error) {
    if (error instanceof FeedUnreadable) return null;
    throw error;
  }
}

/** Every string inside a value, keys left out. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}

function expectSound(feed: ParsedFeed): void {
  expect(texts(feed).filter((text) => removeUnstorable(text).removed > 0)).toEqual([]);
  const keys = feed.episodes.map(({ guid, target }) => `${guid}\n${target.mediaKey}`);
  expect(new Set(keys).size).toBe(keys.length);
  const positions = [...feed.episodes, ...feed.skipped].map(({ position }) => position);
  expect(positions.sort((a, b) => a - b)).toEqual([...positions.keys()]);
  for (const { enclosureUrl, target, publishedAt } of feed.episodes) {
    expect(enclosureUrl).toMatch(/^https?:\/\/[!-~]+$/);
    expect(target.mediaKey).toMatch(/^[!-~]+$/);
    expect(publishedAt === null || !Number.isNaN(publishedAt.getTime())).toBe(true);
  }
}

test('no change of bytes makes the reader fail in another way than it promises, or hang', () => {
  const started = performance.now();
  fc.assert(
    fc.property(
      fc.constantFrom(...FIXTURES),
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.constantFrom(null, 'utf-8', 'iso-8859-1', 'utf-16le', 'shift_jis', 'nonsense'),
      (source, mutations, charset) => {
        const feed = tryParse(mutate(source, mutations), charset);
        if (feed !== null) expectSound(feed);
      },
    ),
    { numRuns: 1500 },
  );
  expect(performance.now() - started).toBeLessThan(60_000);
}, 90_000);

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(...TOKENS.map((token) => token.toString())),
  fc.constantFrom(
    'https://op3.dev/e/a.example/1.mp3',
    '//b.example/x y.mp3',
    'http://[::1]:99999/',
    'www.a.example',
  ),
  fc.constantFrom(
    '17 Oct 2026 06:15:00 GMT',
    '2026-10-17',
    '01:02:03',
    '13,400,512',
    'audio/mpeg',
    'text/html',
  ),
);
const item = fc.record({
  title: value,
  guid: value,
  date: value,
  duration: value,
  url: value,
  type: value,
  length: value,
});

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

test('no value of an item makes it disappear, or come out unfit to store', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 5 }), value, (items, link) => {
      const written = items.map((one) => {
        const { title, guid, date, duration, url, type, length } = mapValues(one, escapeXml);
        return `<item><title>${title}</title><guid>${guid}</guid><pubDate>${date}</pubDate>
          <itunes:duration>${duration}</itunes:duration><enclosure url="${url}" type="${type}" length="${length}"/></item>`;
      });
      const feed = tryParse(
        Buffer.from(`<rss><channel><link>${escapeXml(link)}</link>${written.join('')}</channel></rss>`),
        'utf-8',
      );
      expect(feed).not.toBeNull();
      if (feed === null) return;
      expectSound(feed);
      expect(feed.episodes.length + feed.skipped.length).toBe(items.length);
    }),
    { numRuns: 1000 },
  );
});

function mapValues<K extends string>(
  record: Record<K, string>,
  map: (text: string) => string,
): Record<K, string> {
  return Object.fromEntries(Object.entries<string>(record).map(([key, text]) => [key, map(text)])) as Record<
    K,
    string
  >;
}

test('no feed that is cut off before its end is read as a shorter feed', () => {
  const whole = FIXTURES[0] ?? Buffer.alloc(0);
  const end = whole.lastIndexOf('</rss>') + '</rss>'.length;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: end - 1 }), (length) => {
      expect(tryParse(whole.subarray(0, length), null)).toBeNull();
    }),
  );
  expect(tryParse(whole.subarray(0, end), null)?.episodes).toHaveLength(5);
});
