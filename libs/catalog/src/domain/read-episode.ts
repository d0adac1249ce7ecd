import { cleanLine, cutNotes } from './clean-text.js';
import type { FeedReading } from './feed-reading.js';
import { parseDuration } from './parse-duration.js';
import { parsePubDate } from './parse-pub-date.js';
import type { ParsedEpisode, SkippedItem } from './parsed-feed.js';
import { firstText, type RawFields } from './raw-feed.js';
import { type Enclosure, readAlternates, readEnclosure } from './read-enclosure.js';
import { resolveFeedUrl } from './resolve-feed-url.js';

const DAY_MS = 24 * 3600 * 1000;
const MAX_TITLE_LENGTH = 1000;

/** Longer guids do not fit an index entry and are treated as missing. */
const MAX_GUID_LENGTH = 1000;

/** Reads one item: an episode, or why it is none. Odd values are reported, never a reason to drop the item. */
export function readEpisode(
  item: RawFields,
  position: number,
  reading: FeedReading,
): ParsedEpisode | SkippedItem {
  const title = readTitle(item);
  const enclosure = readEnclosure(item, position, reading);
  if ('code' in enclosure) return { position, title, ...enclosure };
  const { address, ...media } = enclosure;
  if (title === null)
    reading.warnings.add(position, 'title_missing', 'the item has no title; the file name is used');
  return {
    position,
    ...readGuid(item, address, position, reading),
    title: title ?? fileName(enclosure),
    description: readNotes(item, position, reading),
    link: resolveFeedUrl(firstText(item, 'link'), reading.base)?.href ?? null,
    publishedAt: readDate(item, position, reading),
    durationSeconds: readDuration(item, position, reading),
    season: readNumber(firstText(item, 'itunes:season', 'podcast:season')),
    episodeNumber: readNumber(firstText(item, 'itunes:episode', 'podcast:episode')),
    episodeType: readType(firstText(item, 'itunes:episodeType')),
    ...media,
    alternates: readAlternates(item, media.enclosureUrl, reading),
  };
}

function readTitle(item: RawFields): string | null {
  return cleanLine(firstText(item, 'title', 'itunes:title'), MAX_TITLE_LENGTH);
}

function fileName({ target }: Enclosure): string {
  return (target.path.split('/').at(-1) || target.host).slice(0, MAX_TITLE_LENGTH);
}

function readGuid(
  item: RawFields,
  address: string,
  position: number,
  { warnings }: FeedReading,
): Pick<ParsedEpisode, 'guid' | 'guidSource'> {
  const guid = firstText(item, 'guid');
  if (guid !== null && guid.length <= MAX_GUID_LENGTH) return { guid, guidSource: 'feed' };
  if (guid === null) warnings.add(position, 'guid_missing', `no guid; "${address}" is used`);
  else warnings.add(position, 'guid_too_long', `guid of ${guid.length} characters; "${address}" is used`);
  return { guid: address, guidSource: 'enclosure' };
}

function readNotes(item: RawFields, position: number, { warnings }: FeedReading): string | null {
  const written = firstText(item, 'content:encoded', 'description', 'itunes:summary');
  if (written === null) return null;
  const { text, cut } = cutNotes(written);
  if (cut) warnings.add(position, 'description_cut', 'the description is cut after 64 KiB');
  return text;
}

function readDate(item: RawFields, position: number, { warnings, now }: FeedReading): Date | null {
  const written = firstText(item, 'pubDate');
  if (written === null) {
    warnings.add(position, 'date_missing', 'the item has no date');
    return null;
  }
  const shown = `"${written.slice(0, 60)}"`;
  const date = parsePubDate(written);
  if (date === null) {
    warnings.add(position, 'date_unreadable', `${shown} is no date, or more than one`);
    return null;
  }
  const time = date.instant.getTime();
  if (date.zoneAssumed)
    warnings.add(position, 'date_zone_assumed', `${shown} names no time zone and is read as UTC`);
  if (time > now.getTime() + DAY_MS) warnings.add(position, 'date_in_future', `${shown} is in the future`);
  if (Math.abs(time) < DAY_MS) warnings.add(position, 'date_at_epoch', `${shown} is the start of Unix time`);
  return date.instant;
}

function readDuration(item: RawFields, position: number, { warnings }: FeedReading): number | null {
  const written = firstText(item, 'itunes:duration');
  if (written === null) return null;
  const seconds = parseDuration(written);
  if (seconds === null) warnings.add(position, 'duration_unreadable', `"${written.slice(0, 60)}"`);
  return seconds;
}

/** A whole number that fits PostgreSQL's integer. */
function readNumber(written: string | null): number | null {
  if (written === null || !/^\d{1,10}$/.test(written)) return null;
  const value = Number(written);
  return value < 2 ** 31 ? value : null;
}

function readType(written: string | null): ParsedEpisode['episodeType'] {
  const type = written?.toLowerCase();
  return type === 'trailer' || type === 'bonus' ? type : 'full';
}
