import { FeedUnreadable } from '../domain/feed.errors.js';
import type { FeedWarning } from '../domain/parsed-feed.js';
import type { RawAttributes, RawElement, RawFeed, RawFields } from '../domain/raw-feed.js';
import type { FeedLimits } from './feed-limits.js';

/** Character data kept of one element, in UTF-16 units. */
const MAX_TEXT_LENGTH = 128 * 1024;

/** Elements of one name kept of a channel or an item, where more than one makes sense. */
const MAX_REPEATS = 32;

const REPEATABLE = new Set(['atom:link', 'enclosure', 'itunes:category', 'podcast:alternateEnclosure']);

/** Everything else that is read; of these the first one with text or attributes counts. */
const SINGLE = new Set([
  'title', 'link', 'description', 'language', 'image', 'guid', 'pubDate', 'content:encoded', 'itunes:author',
  'itunes:duration', 'itunes:episode', 'itunes:episodeType', 'itunes:explicit', 'itunes:image',
  'itunes:new-feed-url', 'itunes:season', 'itunes:summary', 'itunes:title', 'podcast:episode', 'podcast:guid',
  'podcast:season',
]); // prettier-ignore

/** The one kind of child that an element is read for. */
const CHILDREN: ReadonlyMap<string, string> = new Map([
  ['image', 'url'],
  ['itunes:category', 'itunes:category'],
  ['podcast:alternateEnclosure', 'podcast:source'],
]);

/** Where the reader stands: in a channel or item (`fields`), in an element that is read, or in neither. */
interface Frame {
  readonly fields: RawFields | null;
  readonly element: RawElement | null;
}

const PASSED_OVER: Frame = { fields: null, element: null };

/**
 * Keeps what is read of an RSS document while it streams by. Memory is bounded by the limits: elements that
 * nobody reads are not kept, repeats are capped.
 */
export class FeedElements {
  /** True once the root element has been closed. */
  complete = false;
  private readonly frames: Frame[] = [];
  private readonly items: RawFields[] = [];
  private readonly warnings: FeedWarning[] = [];
  private channel: RawFields | null = null;

  constructor(private readonly limits: FeedLimits) {}

  /**
   * @param name canonical name, null for an element of a foreign namespace
   * @param line line of the document, for errors
   */
  open(name: string | null, attributes: () => RawAttributes, line: number): void {
    if (this.frames.length >= this.limits.maxDepth) {
      throw new FeedUnreadable(
        'feed_too_deep',
        `elements are nested deeper than ${this.limits.maxDepth}`,
        line,
      );
    }
    this.frames.push(this.frameFor(name, attributes, line));
  }

  text(text: string): void {
    const element = this.frames.at(-1)?.element;
    if (!element || element.text.length >= MAX_TEXT_LENGTH) return;
    const room = MAX_TEXT_LENGTH - element.text.length;
    element.text += text.length > room ? text.slice(0, room) : text;
  }

  close(): void {
    this.frames.pop();
    this.complete = this.frames.length === 0;
  }

  /** @throws FeedUnreadable `feed_not_rss` when there was no channel */
  toRawFeed(): RawFeed {
    if (this.channel === null) throw new FeedUnreadable('feed_not_rss', 'the document has no RSS channel');
    return { channel: this.channel, items: this.items, warnings: this.warnings };
  }

  private frameFor(name: string | null, attributes: () => RawAttributes, line: number): Frame {
    const parent = this.frames.at(-1);
    if (!parent) return openRoot(name, line);
    if (parent.element) return { fields: null, element: childOf(parent.element, name, attributes) };
    if (parent.fields) return this.openField(parent.fields, name, attributes, line);
    return this.frames.length === 1 && name === 'channel' ? this.openChannel() : PASSED_OVER;
  }

  private openChannel(): Frame {
    if (this.channel !== null) return PASSED_OVER;
    this.channel = new Map();
    return { fields: this.channel, element: null };
  }

  private openField(
    fields: RawFields,
    name: string | null,
    attributes: () => RawAttributes,
    line: number,
  ): Frame {
    if (fields === this.channel && name === 'item') return this.openItem(line);
    if (fields === this.channel && name === 'podcast:liveItem' && this.warnings.length < MAX_REPEATS) {
      this.warnings.push({ position: null, code: 'live_item', detail: 'a live item is no episode' });
    }
    const element = name === null ? null : keep(fields, name, attributes);
    return element === null ? PASSED_OVER : { fields: null, element };
  }

  private openItem(line: number): Frame {
    if (this.items.length >= this.limits.maxItems) {
      throw new FeedUnreadable('feed_too_many_items', `more than ${this.limits.maxItems} items`, line);
    }
    const fields: RawFields = new Map();
    this.items.push(fields);
    return { fields, element: null };
  }
}

function openRoot(name: string | null, line: number): Frame {
  if (name === 'rss') return PASSED_OVER;
  throw new FeedUnreadable(
    'feed_not_rss',
    `the document is no RSS feed: it begins with <${name ?? 'another'}>`,
    line,
  );
}

/** Adds the element where it is one of those read and there is room for it. */
function keep(fields: RawFields, name: string, attributes: () => RawAttributes): RawElement | null {
  const kept = fields.get(name) ?? [];
  const repeatable = REPEATABLE.has(name);
  if (!repeatable && (!SINGLE.has(name) || kept.some(hasContent))) return null;
  if (kept.length >= MAX_REPEATS) return null;
  const element: RawElement = { name, attributes: attributes(), text: '', children: [] };
  fields.set(name, repeatable ? [...kept, element] : [element]);
  return element;
}

function hasContent({ text, attributes }: RawElement): boolean {
  return text.trim() !== '' || Object.keys(attributes).length > 0;
}

/** The child where it is read; otherwise its text counts as the parent's, as with markup in a description. */
function childOf(parent: RawElement, name: string | null, attributes: () => RawAttributes): RawElement {
  if (name === null || CHILDREN.get(parent.name) !== name || parent.children.length >= MAX_REPEATS)
    return parent;
  const child: RawElement = { name, attributes: attributes(), text: '', children: [] };
  parent.children.push(child);
  return child;
}
