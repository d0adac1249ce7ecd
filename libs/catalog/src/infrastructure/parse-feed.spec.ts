import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { FeedUnreadable } from '../domain/feed.errors.js';
import type { FeedWarningCode, ParsedFeed } from '../domain/parsed-feed.js';
import { parseFeed, type ParseFeedOptions } from './parse-feed.js';

const NOW = new Date('2026-10-20T00:00:00Z');

function parseFixture(name: string, options: ParseFeedOptions = {}): ParsedFeed {
  return parseFeed(readFileSync(join(import.meta.dirname, 'fixtures', name)), { now: NOW, ...options });
}

function parseText(channel: string, options: ParseFeedOptions = {}): ParsedFeed {
  const feed = `<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>${channel}</channel></rss>`;
  return parseFeed(Buffer.from(feed), { now: NOW, ...options });
}

function unreadable(read: () => unknown): FeedUnreadable {
  try {
    read();
  } catch (error) {
    if (error instanceof FeedUnreadable) return error;
    throw error;
  }
  throw new Error('the feed was read');
}

function warned(feed: ParsedFeed, code: FeedWarningCode): (number | null)[] {
  return feed.warnings.filter((warning) => warning.code === code).map(({ position }) => position);
}

describe('01 full namespaces', () => {
  const feed = parseFixture('01-full-namespaces.xml');

  test('describes the show', () => {
    expect(feed).toMatchObject({
      title: 'Signal & Salt',
      language: 'en-GB',
      link: 'https://harbourlight.example/signal-and-salt',
      imageUrl: 'https://img.harbourlight.example/signal-and-salt-3000.jpg',
      author: 'Harbour Light Audio',
      podcastGuid: 'cc8197f7-3a15-598d-841f-7cf20dff70c0',
      feedUrl: 'https://feeds.harbourlight.example/signal-and-salt',
      nextUrl: null,
      newFeedUrl: null,
      categories: ['Society & Culture', 'Documentary', 'History'],
      explicit: false,
    });
    expect(feed.description).toContain('<a href="https://harbourlight.example/about?ref=feed&amp;v=2">');
  });

  test('has five episodes and does not count the live item', () => {
    expect(feed.episodes.map(({ guid }) => guid)).toEqual([
      'hl-sas-0203',
      'hl-sas-0202',
      'hl-sas-0201',
      'hl-sas-0200',
      'hl-sas-b001',
    ]);
    expect(feed.skipped).toEqual([]);
    expect(feed.warnings.map(({ code }) => code)).toEqual(['live_item']);
  });

  test('reads three forms of duration', () => {
    expect(feed.episodes.map(({ durationSeconds }) => durationSeconds)).toEqual([1782, 1490, 1254, 58, 3605]);
  });

  test('reads seasons, numbers and types', () => {
    expect(feed.episodes.map(({ season }) => season)).toEqual([2, 2, 2, 2, null]);
    expect(feed.episodes.map(({ episodeNumber }) => episodeNumber)).toEqual([3, 2, 1, null, null]);
    expect(feed.episodes.map((episode) => episode.episodeType)).toEqual([
      'full',
      'full',
      'full',
      'trailer',
      'bonus',
    ]);
  });

  test('keeps the notes with the sponsor link and the code, as text', () => {
    const notes = feed.episodes[0]?.description;
    expect(notes).toContain(
      '"https://northwindtea.example/salt?utm_source=podcast&utm_medium=audio&utm_campaign=sas-q4"',
    );
    expect(notes).toContain('SALT15');
    expect(notes).toContain('<script>');
  });

  test('joins a CDATA section that is split in two', () => {
    expect(feed.episodes[1]?.description).toBe(
      'Pages from a 1911 logbook. <br/>Contains ]]> a split CDATA marker.',
    );
  });

  test('lists the other renditions without the enclosure itself', () => {
    expect(feed.episodes[0]?.alternates).toEqual([
      {
        url: 'https://alt.harbourlight.example/opus/s2e3.opus',
        mediaKey: 'alt.harbourlight.example/opus/s2e3.opus',
        type: 'audio/opus',
        bitrate: 48000,
      },
      {
        url: 'https://mirror.harbourlight.example/opus/s2e3.opus',
        mediaKey: 'mirror.harbourlight.example/opus/s2e3.opus',
        type: 'audio/opus',
        bitrate: 48000,
      },
      {
        url: 'https://video.harbourlight.example/sas/s2e3-720.mp4',
        mediaKey: 'video.harbourlight.example/sas/s2e3-720.mp4',
        type: 'video/mp4',
        bitrate: 1400000,
      },
      {
        url: 'https://video.harbourlight.example/sas/s2e3/master.m3u8',
        mediaKey: 'video.harbourlight.example/sas/s2e3/master.m3u8',
        type: 'application/x-mpegurl',
      },
    ]);
  });
});

describe('02 chained prefixes', () => {
  const feed = parseFixture('02-chained-prefixes.xml', { ownPrefixHosts: ['T.stats.brickandbyte.example'] });

  test.each([
    ['bb-118', ['op3.dev']],
    ['bb-117', ['op3.dev']],
    ['bb-116', ['dts.podtrac.com', 'op3.dev']],
    ['bb-115', ['www.podtrac.com', 'pdst.fm', 'chrt.fm']],
    ['bb-114', ['mgln.ai', 'claritaspod.com', 'pscrb.fm', 'op3.dev']],
    ['bb-113', ['t.stats.brickandbyte.example']],
    ['bb-112', ['prfx.byspotify.com', 'arttrk.com', 'verifi.podscribe.com']],
    ['bb-111', ['op3.dev']],
    ['bb-110', []],
    ['bb-109', ['op3.dev', 'op3.dev']],
    ['bb-108', ['op3.dev']],
    ['bb-107', ['op3.dev']],
  ])('%s leads through %j to the one host', (guid, prefixes) => {
    const path =
      guid === 'bb-108' ? '/audio/special/Caf%C3%A9%20%26%20Co%20(108).mp3' : `/audio/${guid.slice(3)}.mp3`;
    const episode = feed.episodes.find((candidate) => candidate.guid === guid);
    expect(episode?.prefixes).toEqual(prefixes);
    expect(episode?.target).toEqual({
      host: 'cdn.brickandbyte.example',
      path,
      mediaKey: `cdn.brickandbyte.example${path}`,
    });
  });

  test('has twelve items, and says where the feed has moved', () => {
    expect(feed.episodes).toHaveLength(12);
    expect(feed.newFeedUrl).toBe('https://feeds.brickandbyte.example/rss.xml');
    expect(feed.warnings).toEqual([]);
  });

  test('keeps the enclosure as it is requested, prefixes and query included', () => {
    expect(feed.episodes[4]?.enclosureUrl).toBe(
      'https://mgln.ai/e/77/claritaspod.com/measure/pscrb.fm/rss/p/op3.dev/e/cdn.brickandbyte.example/audio/114.mp3?aid=rss_feed&sponsor=northwind',
    );
  });

  test('takes a tracking domain that is not ours as the target', () => {
    const episode = parseFixture('02-chained-prefixes.xml').episodes[5];
    expect(episode?.prefixes).toEqual([]);
    expect(episode?.target.host).toBe('t.stats.brickandbyte.example');
  });
});

describe('03 messy legacy', () => {
  const feed = parseFixture('03-messy-legacy.xml');
  const byNumber = (number: number) => feed.episodes.find(({ title }) => title.startsWith(`Ep ${number}:`));

  test('keeps 19 of 22 items and gives a reason for each of the others', () => {
    expect(feed.episodes).toHaveLength(19);
    expect(feed.skipped.map(({ position, title, code }) => [position, title, code])).toEqual([
      [19, 'News: a blog post without audio', 'no_audio'],
      [20, 'PDF of the map', 'not_media'],
      [21, 'Ep 18: No guid at all', 'duplicate_item'],
    ]);
  });

  test.each([
    [19, '2026-10-17T06:15:00.000Z'],
    [18, '2026-10-10T10:15:00.000Z'],
    [17, '2026-10-03T14:15:00.000Z'],
    [16, '2026-09-26T06:15:00.000Z'],
    [15, '2026-09-19T04:15:00.000Z'],
    [14, '2026-09-12T06:15:00.000Z'],
    [13, '2026-09-05T06:15:00.250Z'],
    [12, '2026-08-29T06:15:00.000Z'],
    [11, '2026-08-22T06:15:00.000Z'],
    [10, '2026-08-15T06:15:00.000Z'],
    [9, '2026-08-08T06:15:00.000Z'],
    [8, '2026-08-01T00:00:00.000Z'],
    [7, undefined],
    [6, '2026-07-18T06:15:00.000Z'],
    [5, '2026-07-11T06:15:00.000Z'],
    [4, undefined],
    [3, undefined],
    [2, '2033-01-01T06:15:00.000Z'],
    [1, '1970-01-01T00:00:00.000Z'],
  ])('dates episode %d at %s', (number, instant) => {
    expect(byNumber(number)).toBeDefined();
    expect(byNumber(number)?.publishedAt?.toISOString()).toBe(instant);
  });

  test('warns about each date that it could not use or does not believe', () => {
    expect(warned(feed, 'date_unreadable')).toEqual([12, 16]);
    expect(warned(feed, 'date_missing')).toEqual([15]);
    expect(warned(feed, 'date_in_future')).toEqual([17]);
    expect(warned(feed, 'date_at_epoch')).toEqual([18]);
  });

  test('falls back to the address of the file where the guid is missing or empty', () => {
    expect(byNumber(18)).toMatchObject({
      guid: 'http://www.gravelradio.example/files/ep18.mp3',
      guidSource: 'enclosure',
    });
    expect(byNumber(17)).toMatchObject({
      guid: 'http://www.gravelradio.example/files/ep17.mp3',
      guidSource: 'enclosure',
    });
    expect(byNumber(19)).toMatchObject({ guid: 'http://www.gravelradio.example/ep19', guidSource: 'feed' });
  });

  test('keeps two episodes apart that share a guid', () => {
    expect(byNumber(16)).toMatchObject({ guid: 'gravel-dup', target: { path: '/files/ep16.mp3' } });
    expect(byNumber(15)).toMatchObject({ guid: 'gravel-dup', target: { path: '/files/ep15.mp3' } });
    expect(warned(feed, 'guid_repeated')).toEqual([4]);
  });

  test('reads lengths, and takes 0 and nothing as unknown', () => {
    expect([12, 11, 10, 9].map((number) => byNumber(number)?.enclosureBytes)).toEqual([
      null,
      null,
      13400512,
      13200000,
    ]);
    expect(warned(feed, 'enclosure_length_missing')).toEqual([7, 8]);
  });

  test('reads types in either case, and does without one', () => {
    expect(byNumber(9)?.enclosureType).toBeNull();
    expect(byNumber(5)?.enclosureType).toBe('audio/mpeg');
  });

  test('completes addresses: no scheme, relative, scheme-relative, with spaces', () => {
    expect(feed.link).toBe('http://www.gravelradio.example/');
    expect(byNumber(7)?.enclosureUrl).toBe('http://www.gravelradio.example/files/ep7.mp3');
    expect(byNumber(6)?.enclosureUrl).toBe('http://www.gravelradio.example/files/ep6.mp3');
    expect(byNumber(8)?.target.path).toBe('/files/ep%208%20(final)%20v2.mp3');
  });

  test('uses the first of two enclosures', () => {
    expect(byNumber(5)?.target.path).toBe('/files/ep5.mp3');
    expect(warned(feed, 'several_enclosures')).toEqual([14]);
  });

  test('reads the other spelling of the iTunes namespace, and what was escaped twice', () => {
    expect(feed.title).toBe('Gravel Radio');
    expect(feed.explicit).toBe(false);
    expect(feed.categories).toEqual(['Leisure & Home']);
    expect(byNumber(19)?.description).toBe('Gravel Radio &amp; friends. It&#39;s escaped twice.');
  });
});

describe('04 Latin-1', () => {
  const feed = parseFixture('04-latin1.xml');

  test('keeps accents, and reads 0x92 and 0x9C as Windows-1252 has them', () => {
    expect(feed.title).toBe('Le Café du Phare - Niño, Mädchen & Cie');
    expect(feed.episodes.map(({ title }) => title)).toEqual([
      'Épisode 5 : l’été à Québec',
      'Épisode 4 : São João, ¿y ahora qué?',
      'Épisode 3 : Größe & Übermut <live>',
    ]);
    expect(feed.episodes[2]?.description).toContain('« œuvre »');
    expect(feed.warnings).toEqual([]);
  });

  test('reads numeric references, a guid and an address outside ASCII, and a French date', () => {
    expect(feed.episodes[1]).toMatchObject({
      guid: 'phare-004-ação',
      description: 'Trois langues, une table. “Guillemets” numériques et — tiret.',
      enclosureUrl: 'https://sons.cafeduphare.example/4-s%C3%A3o-jo%C3%A3o.mp3',
      publishedAt: new Date('2026-10-01T14:00:00Z'),
      durationSeconds: 587,
    });
  });

  test('follows the XML declaration when the HTTP header wrongly says UTF-8', () => {
    const misnamed = parseFixture('04-latin1.xml', { charset: 'utf-8' });
    expect(misnamed.episodes[0]?.title).toBe('Épisode 5 : l’été à Québec');
    expect(misnamed.warnings.map(({ code }) => code)).toEqual(['charset_assumed']);
  });
});

describe('05 archive of 300', () => {
  const feed = parseFixture('05-archive-300.xml');

  test('has 300 items with 300 guids, and a next page', () => {
    expect(feed.episodes).toHaveLength(300);
    expect(new Set(feed.episodes.map(({ guid }) => guid)).size).toBe(300);
    expect(new Set(feed.episodes.map(({ target }) => target.mediaKey)).size).toBe(300);
    expect(feed.podcastGuid).toBe('b7fe1d33-4750-5826-af01-ffc83645b6a8');
    expect(feed.nextUrl).toBe('https://feeds.dailyledger.example/morning?page=2');
    expect(feed.warnings).toEqual([]);
  });

  test('spans 25 August 2025 to 16 October 2026', () => {
    const times = feed.episodes
      .map(({ publishedAt }) => publishedAt?.toISOString().slice(0, 10) ?? '')
      .sort();
    expect([times[0], times.at(-1)]).toEqual(['2025-08-25', '2026-10-16']);
  });

  test('repeats titles, and has 6 bonus items and 30 alternates in AAC', () => {
    expect(feed.episodes.filter(({ title }) => title === 'Morning headlines')).toHaveLength(12);
    expect(feed.episodes.filter(({ episodeType }) => episodeType === 'bonus')).toHaveLength(6);
    const inAac = feed.episodes.filter(({ alternates }) => alternates[0]?.type === 'audio/aac');
    expect(inAac).toHaveLength(30);
  });

  test('shows three eras of prefixes, all leading to one host', () => {
    const counts = feed.episodes.map(
      ({ episodeNumber, prefixes }) => [episodeNumber ?? 0, prefixes.length] as const,
    );
    const expected = (number: number): number => (number > 180 ? 2 : number > 60 ? 1 : 0);
    expect(counts.filter(([number, count]) => count !== expected(number))).toEqual([]);
    expect(new Set(feed.episodes.map(({ target }) => target.host))).toEqual(
      new Set(['audio.dailyledger.example']),
    );
  });
});

describe('documents that are refused', () => {
  test('a truncated feed is malformed, never a shorter feed', () => {
    expect(unreadable(() => parseFixture('broken-truncated.xml')).code).toBe('feed_malformed');
  });

  test('a DOCTYPE is refused before its entities are looked at', () => {
    const error = unreadable(() => parseFixture('broken-entity-bomb.xml'));
    expect(error).toMatchObject({ code: 'feed_doctype', line: 2 });
  });

  test('a DOCTYPE is refused in UTF-16, behind comments, and inside the root', () => {
    const bomb = '<!-- x --><!DOCTYPE rss [<!ENTITY a "b">]><rss><channel/></rss>';
    expect(unreadable(() => parseFeed(Buffer.from(`\ufeff${bomb}`, 'utf16le'))).code).toBe('feed_doctype');
    expect(unreadable(() => parseFeed(Buffer.from(bomb))).code).toBe('feed_doctype');
    expect(unreadable(() => parseText('<!DOCTYPE rss>')).code).toBe('feed_malformed');
  });

  test('32 MiB of DOCTYPE cost no more than looking at the start', () => {
    const bytes = Buffer.alloc(32 * 1024 * 1024, '<!ENTITY a "b">');
    bytes.write('<!DOCTYPE rss [');
    const start = performance.now();
    expect(unreadable(() => parseFeed(bytes)).code).toBe('feed_doctype');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('other documents are named as such', () => {
    for (const text of [
      '<!doctype html><p>gone',
      '<html/>',
      '<feed xmlns="http://www.w3.org/2005/Atom"/>',
      '<rss/>',
    ]) {
      expect(unreadable(() => parseFeed(Buffer.from(text))).code).toBe('feed_not_rss');
    }
    for (const text of ['', 'not found', '{"error":404}']) {
      expect(unreadable(() => parseFeed(Buffer.from(text))).code).toBe('feed_malformed');
    }
  });

  test('size, depth, items and attributes are bounded', () => {
    const deep = '<a>'.repeat(100);
    const wide = `<item ${Array.from({ length: 1001 }, (_, index) => `a${index}=""`).join(' ')}/>`;
    expect(unreadable(() => parseFeed(Buffer.alloc(33 * 1024 * 1024))).code).toBe('feed_too_large');
    expect(unreadable(() => parseText(deep)).code).toBe('feed_too_deep');
    expect(unreadable(() => parseText('<item/>'.repeat(20_001))).code).toBe('feed_too_many_items');
    expect(parseText('<item/>'.repeat(20_000)).skipped).toHaveLength(20_000);
    expect(unreadable(() => parseText(wide)).code).toBe('feed_malformed');
  });
});

describe('what is tolerated', () => {
  const audio = '<enclosure url="https://a.example/1.mp3" length="9" type="audio/mpeg"/>';

  test('HTML entities, stray ampersands and impossible characters are put right', () => {
    const feed = parseText('<title>Salt&nbsp;&amp;&nbsp;Vinegar &copy; R&D, AT&T;&#0;&#146;s</title>');
    expect(feed.title).toBe('Salt & Vinegar © R&D, AT&T;’s');
    expect(warned(feed, 'xml_repaired')).toEqual([null]);
  });

  test('ampersands inside CDATA stay as they are', () => {
    const feed = parseText(`<item>${audio}<description><![CDATA[a&b &nbsp; c]]></description></item>`);
    expect(feed.episodes[0]?.description).toBe('a&b &nbsp; c');
    expect(warned(feed, 'xml_repaired')).toEqual([]);
  });

  test('control characters and lone surrogates never come out', () => {
    const feed = parseText('<title>a\u0000b\u001bc&#xD800;d&amp;#0;e\u009b</title>');
    expect(feed.title).toBe('abcde');
    expect(warned(feed, 'text_cleaned')).toEqual([null]);
  });

  test('a lone surrogate in UTF-16 is left out', () => {
    const text = '\ufeff<rss><channel><title>a\ud800b</title></channel></rss>';
    expect(parseFeed(Buffer.from(text, 'utf16le')).title).toBe('ab');
  });

  test('an undeclared prefix means what it usually means', () => {
    const bytes = Buffer.from('<rss><channel><itunes:author>Ida</itunes:author></channel></rss>');
    const feed = parseFeed(bytes);
    expect(feed.author).toBe('Ida');
    expect(warned(feed, 'namespace_undeclared')).toEqual([null]);
  });

  test('an empty line before the XML declaration, and text after the end', () => {
    const text =
      '\n<?xml version="1.1"?>\n<rss><channel><title>x</title></channel></rss>\n<b>cached & served';
    expect(parseFeed(Buffer.from(text)).title).toBe('x');
  });

  test('markup in a description that nobody escaped', () => {
    const feed = parseText(`<item>${audio}<description>a <b>bold</b> word</description></item>`);
    expect(feed.episodes[0]?.description).toBe('a bold word');
  });

  test('show notes are cut after 64 KiB between two characters', () => {
    const feed = parseText(`<item>${audio}<description>x${'é'.repeat(40_000)}</description></item>`);
    expect(Buffer.byteLength(feed.episodes[0]?.description ?? '')).toBe(65_535);
    expect(warned(feed, 'description_cut')).toEqual([0]);
  });

  test('a guid too long for an index gives way to the address of the file', () => {
    const feed = parseText(`<item><guid>${'g'.repeat(1001)}</guid>${audio}</item>`);
    expect(feed.episodes[0]).toMatchObject({ guid: 'https://a.example/1.mp3', guidSource: 'enclosure' });
  });

  test('a guid that the feed leaves out stays free of prefixes and query', () => {
    const url = 'https://op3.dev/e/https://a.example/1.mp3?aid=rss';
    const feed = parseText(`<item><enclosure url="${url}" length="9" type="audio/mpeg"/></item>`);
    expect(feed.episodes[0]).toMatchObject({ guid: 'https://a.example/1.mp3', title: '1.mp3' });
  });

  test('a repeat that came to carry a prefix is still a repeat', () => {
    const again = audio.replace('https://', 'https://op3.dev/e/');
    const feed = parseText(`<item><guid>g</guid>${audio}</item><item><guid>g</guid>${again}</item>`);
    expect(feed.episodes).toHaveLength(1);
    expect(feed.skipped).toMatchObject([{ position: 1, code: 'duplicate_item' }]);
  });

  test('credentials and other schemes do not get into addresses', () => {
    const secret = '<enclosure url="https://me:pass@a.example/1.mp3" length="9" type="audio/mpeg"/>';
    const script = '<enclosure url="javascript:alert(1)" length="9" type="audio/mpeg"/>';
    const feed = parseText(`<item>${secret}</item><item>${script}</item>`);
    expect(feed.episodes.map(({ enclosureUrl }) => enclosureUrl)).toEqual(['https://a.example/1.mp3']);
    expect(feed.skipped).toMatchObject([{ position: 1, code: 'enclosure_invalid' }]);
  });

  test('a relative address without a channel link is resolved against the place it came from', () => {
    const relative = '<item><enclosure url="1.mp3" length="9" type="audio/mpeg"/></item>';
    const feed = parseText(relative, { feedUrl: 'https://feeds.example/show/rss.xml' });
    expect(feed.episodes[0]?.enclosureUrl).toBe('https://feeds.example/show/1.mp3');
    expect(parseText(relative).skipped).toMatchObject([{ code: 'enclosure_invalid' }]);
  });
});
