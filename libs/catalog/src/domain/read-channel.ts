import { cleanLine, cutNotes } from './clean-text.js';
import type { FeedReading } from './feed-reading.js';
import type { ParsedFeed } from './parsed-feed.js';
import { firstElement, firstText, type RawElement, type RawFields } from './raw-feed.js';
import { resolveFeedUrl } from './resolve-feed-url.js';

const MAX_LINE_LENGTH = 1000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What a feed says about the show as a whole. */
export type ShowDetails = Omit<ParsedFeed, 'episodes' | 'skipped' | 'warnings'>;

/**
 * What relative addresses of the feed are resolved against: the channel's link, else the feed's own address as
 * it says it, else the address that it was fetched from.
 */
export function channelBase(channel: RawFields, fetchedFrom: string | null): URL | null {
  return (
    resolveFeedUrl(firstText(channel, 'link'), null) ??
    resolveFeedUrl(atomLink(channel, 'self'), null) ??
    resolveFeedUrl(fetchedFrom, null)
  );
}

/** Reads the channel's own elements. */
export function readChannel(channel: RawFields, reading: FeedReading): ShowDetails {
  const address = (written: string | null | undefined): string | null =>
    resolveFeedUrl(written, reading.base)?.href ?? null;
  const link = firstText(channel, 'link');
  return {
    title: readTitle(channel, reading),
    description: readDescription(channel, reading),
    language: cleanLine(firstText(channel, 'language'), 35),
    link: address(link),
    imageUrl: address(readImage(channel)),
    author: cleanLine(firstText(channel, 'itunes:author'), MAX_LINE_LENGTH),
    podcastGuid: readPodcastGuid(channel, reading),
    feedUrl: address(atomLink(channel, 'self')),
    nextUrl: address(atomLink(channel, 'next')),
    newFeedUrl: address(firstText(channel, 'itunes:new-feed-url')),
    categories: readCategories(channel),
    explicit: readExplicit(firstText(channel, 'itunes:explicit')),
  };
}

function readTitle(channel: RawFields, { base, warnings }: FeedReading): string {
  const title = cleanLine(firstText(channel, 'title', 'itunes:title'), MAX_LINE_LENGTH);
  if (title === null) warnings.add(null, 'title_missing', 'the channel has no title');
  return title ?? base?.hostname ?? '';
}

function readDescription(channel: RawFields, { warnings }: FeedReading): string | null {
  const written = firstText(channel, 'description', 'itunes:summary');
  if (written === null) return null;
  const { text, cut } = cutNotes(written);
  if (cut) warnings.add(null, 'description_cut', 'the description is cut after 64 KiB');
  return text;
}

function readImage(channel: RawFields): string | undefined {
  return (
    firstElement(channel, 'itunes:image')?.attributes.href ??
    firstElement(channel, 'image')?.children[0]?.text
  );
}

function readPodcastGuid(channel: RawFields, { warnings }: FeedReading): string | null {
  const guid = firstText(channel, 'podcast:guid')?.toLowerCase() ?? null;
  if (guid === null || UUID.test(guid)) return guid;
  warnings.add(null, 'podcast_guid_invalid', `podcast:guid "${guid.slice(0, 60)}" is no UUID`);
  return null;
}

function atomLink(channel: RawFields, rel: string): string | undefined {
  return channel.get('atom:link')?.find(({ attributes }) => attributes.rel?.trim().toLowerCase() === rel)
    ?.attributes.href;
}

function readCategories(channel: RawFields): string[] {
  const written = (channel.get('itunes:category') ?? []).flatMap((category) => [
    category,
    ...category.children,
  ]);
  const names = written.map((category: RawElement) => cleanLine(category.attributes.text, 200));
  return [...new Set(names.filter((name) => name !== null))];
}

function readExplicit(written: string | null): boolean | null {
  const word = written?.toLowerCase() ?? '';
  if (['yes', 'true', 'explicit'].includes(word)) return true;
  return ['no', 'false', 'clean'].includes(word) ? false : null;
}
