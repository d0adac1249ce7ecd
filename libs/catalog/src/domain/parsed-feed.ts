/**
 * What a podcast feed says, after reading. Every string is well-formed Unicode without control characters (tab
 * and line ends excepted), so PostgreSQL stores it as it is. HTML is text here: it is sanitised before display.
 */
export interface ParsedFeed {
  /** The show's title on one line; the host of its link, or an empty string, when the feed has none. */
  title: string;
  /** The raw text or HTML of the description, at most 64 KiB of UTF-8. */
  description: string | null;
  /** The language tag as written, for example `fr-CA`. */
  language: string | null;
  link: string | null;
  imageUrl: string | null;
  author: string | null;
  /** `podcast:guid`, a lower-case UUID. */
  podcastGuid: string | null;
  /** Where the feed says that it lives (`atom:link` with `rel="self"`). */
  feedUrl: string | null;
  /** The next page of a paged feed (RFC 5005, `rel="next"`). */
  nextUrl: string | null;
  /** Where the show has moved (`itunes:new-feed-url`). */
  newFeedUrl: string | null;
  /** iTunes categories and subcategories in one list without repeats, in the feed's order. */
  categories: string[];
  explicit: boolean | null;
  /** Items with audio or video, in the feed's order, repeats merged. */
  episodes: ParsedEpisode[];
  /** Items that are no episode of their own, each with its reason. */
  skipped: SkippedItem[];
  /** What was odd and how it was read; at most 1,000 entries. */
  warnings: FeedWarning[];
}

/** One item of a feed that carries audio or video. */
export interface ParsedEpisode {
  /** Index of the item in the feed, from 0. Live items have none. */
  position: number;
  /**
   * The item's guid, trimmed. Where the feed has none: the enclosure's address without prefixes and query.
   * Two episodes of a feed may share a guid; guid and `target.mediaKey` together are unique.
   */
  guid: string;
  /** A guid of source `enclosure` changes with the target's scheme: match such an episode by `target.mediaKey`. */
  guidSource: 'feed' | 'enclosure';
  title: string;
  /** Raw text or HTML of the show notes, at most 64 KiB of UTF-8. */
  description: string | null;
  link: string | null;
  /** UTC. Null where the feed's date is missing or would have to be guessed. */
  publishedAt: Date | null;
  durationSeconds: number | null;
  season: number | null;
  episodeNumber: number | null;
  episodeType: 'full' | 'trailer' | 'bonus';
  /** Absolute http or https address with its prefixes and query; spaces and non-ASCII percent-encoded. */
  enclosureUrl: string;
  /** Media type in lower case, as the feed says. */
  enclosureType: string | null;
  /** Size of the file as the feed says; null where it says nothing usable (0 included). */
  enclosureBytes: number | null;
  target: MediaTarget;
  /** Hosts of the measurement prefixes, outermost first; a prefix used twice is listed twice. */
  prefixes: string[];
  /** Other renditions (`podcast:alternateEnclosure`), one entry per http source, the enclosure itself left out. */
  alternates: AlternateMedia[];
}

/** The file behind the prefixes: what makes requests through any chain belong to one episode. */
export interface MediaTarget {
  /** Lower case, with the port where it is not the scheme's own. */
  host: string;
  /** Exact percent-encoded path without query. */
  path: string;
  /** `host` + `path`. */
  mediaKey: string;
}

/** Another rendition of an episode. `bitrate` is in bits per second. */
export interface AlternateMedia {
  url: string;
  /** Host and path of the file behind the prefixes. */
  mediaKey: string;
  type: string | null;
  bitrate?: number;
}

/** An item that became no episode. */
export interface SkippedItem {
  position: number;
  title: string | null;
  code: SkipCode;
  detail: string;
}

/**
 * `no_audio`: no enclosure. `not_media`: enclosures, but none of audio or video. `enclosure_invalid`: no usable
 * http address. `duplicate_item`: guid and file of an earlier item.
 */
export type SkipCode = 'no_audio' | 'not_media' | 'enclosure_invalid' | 'duplicate_item';

/** Something odd that did not stop the reading. `position` is the item's, null for the feed as a whole. */
export interface FeedWarning {
  position: number | null;
  code: FeedWarningCode;
  detail: string;
}

export type FeedWarningCode =
  | 'charset_assumed'
  | 'text_cleaned'
  | 'xml_repaired'
  | 'namespace_undeclared'
  | 'live_item'
  | 'title_missing'
  | 'podcast_guid_invalid'
  | 'guid_missing'
  | 'guid_too_long'
  | 'guid_repeated'
  | 'enclosure_repeated'
  | 'several_enclosures'
  | 'enclosure_type_missing'
  | 'enclosure_type_odd'
  | 'enclosure_length_missing'
  | 'enclosure_length_unreadable'
  | 'date_missing'
  | 'date_unreadable'
  | 'date_zone_assumed'
  | 'date_in_future'
  | 'date_at_epoch'
  | 'duration_unreadable'
  | 'description_cut'
  | 'warnings_cut';
