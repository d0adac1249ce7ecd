import { removeUnstorable } from '../domain/clean-text.js';
import { type FeedReading, WarningList } from '../domain/feed-reading.js';
import { FeedUnreadable } from '../domain/feed.errors.js';
import { mergeRepeated } from '../domain/merge-repeated.js';
import type { ParsedEpisode, ParsedFeed, SkippedItem } from '../domain/parsed-feed.js';
import type { RawFeed, RawFields } from '../domain/raw-feed.js';
import { channelBase, readChannel } from '../domain/read-channel.js';
import { readEpisode } from '../domain/read-episode.js';
import { decodeFeed } from './decode-feed.js';
import { FEED_LIMITS, type FeedLimits } from './feed-limits.js';
import { atOnce, inTurns } from './in-turns.js';
import { readFeedXml } from './read-feed-xml.js';
import { refuseDoctype } from './refuse-doctype.js';
import { repairXml } from './repair-xml.js';

/** Items that are read before others have their turn. */
const ITEMS_AT_ONCE = 100;

/** What is known of a feed besides its bytes. Everything may be left out. */
export interface ParseFeedOptions {
  /** The `charset` of the HTTP Content-Type header. */
  readonly charset?: string | null;
  /** Where the feed was fetched from: the last resort for relative addresses. */
  readonly feedUrl?: string | null;
  /** The tenant's tracking domains, which are prefixes like the public ones. */
  readonly ownPrefixHosts?: readonly string[];
  /** What "in the future" is measured against. */
  readonly now?: Date;
  readonly limits?: Partial<FeedLimits>;
}

/**
 * Reads an RSS podcast feed (0.92 or 2.0). Tolerant of what feeds get wrong, strict about what is unsafe: odd
 * values are reported as warnings, items that are no episode are listed with a reason, a document that is cut
 * off, has a DOCTYPE or goes beyond a limit is refused as a whole. Makes no request; time is linear in the size.
 * @throws FeedUnreadable, and nothing else, whatever the bytes are
 */
export function parseFeed(bytes: Uint8Array, options: ParseFeedOptions = {}): ParsedFeed {
  return atOnce(parsing(bytes, options));
}

/**
 * The same, giving way to whatever else the process has to do: a feed of 30 MB takes seconds.
 * @throws FeedUnreadable, and nothing else, whatever the bytes are
 */
export function parseFeedInTurns(bytes: Uint8Array, options: ParseFeedOptions = {}): Promise<ParsedFeed> {
  return inTurns(parsing(bytes, options));
}

function* parsing(bytes: Uint8Array, options: ParseFeedOptions): Generator<void, ParsedFeed> {
  const limits = { ...FEED_LIMITS, ...options.limits };
  if (bytes.length > limits.maxBytes) {
    throw new FeedUnreadable('feed_too_large', `the feed is larger than ${limits.maxBytes} bytes`);
  }
  const warnings = new WarningList();
  const raw = yield* readFeedXml(readText(bytes, options.charset ?? null, warnings), limits);
  for (const { position, code, detail } of raw.warnings) warnings.add(position, code, detail);
  return yield* readFeed(raw, {
    base: channelBase(raw.channel, options.feedUrl ?? null),
    ownPrefixHosts: new Set((options.ownPrefixHosts ?? []).map((host) => host.toLowerCase())),
    now: options.now ?? new Date(),
    warnings,
  });
}

/** Decodes, refuses a DOCTYPE before anything else is looked at, and makes the text storable and well-formed. */
function readText(bytes: Uint8Array, charset: string | null, warnings: WarningList): string {
  const decoded = decodeFeed(bytes, charset);
  refuseDoctype(decoded.text);
  if (decoded.assumption !== null) warnings.add(null, 'charset_assumed', `read as ${decoded.assumption}`);
  const storable = removeUnstorable(decoded.text);
  if (storable.removed > 0)
    warnings.add(null, 'text_cleaned', `${storable.removed} control characters left out`);
  const wellFormed = repairXml(storable.text);
  if (wellFormed.repaired > 0)
    warnings.add(null, 'xml_repaired', `${wellFormed.repaired} ampersands put right`);
  return wellFormed.text;
}

function* readFeed(raw: RawFeed, reading: FeedReading): Generator<void, ParsedFeed> {
  const show = readChannel(raw.channel, reading);
  const { playable, skipped } = yield* readItems(raw.items, reading);
  const { episodes, repeated } = mergeRepeated(playable, reading);
  const byPosition = [...skipped, ...repeated].sort((a, b) => a.position - b.position);
  return { ...show, episodes, skipped: byPosition, warnings: reading.warnings.entries };
}

function* readItems(
  items: readonly RawFields[],
  reading: FeedReading,
): Generator<void, { playable: ParsedEpisode[]; skipped: SkippedItem[] }> {
  const playable: ParsedEpisode[] = [];
  const skipped: SkippedItem[] = [];
  for (const [position, item] of items.entries()) {
    const read = readEpisode(item, position, reading);
    if ('code' in read) skipped.push(read);
    else playable.push(read);
    if (position % ITEMS_AT_ONCE === 0) yield;
  }
  return { playable, skipped };
}
