import type { FeedWarning } from './parsed-feed.js';

/** Attributes without a namespace, by name. Has no prototype. */
export type RawAttributes = Readonly<Record<string, string>>;

/** An element of a feed as it was written: nothing resolved, nothing trimmed. */
export interface RawElement {
  /** Local name behind our own prefix of the namespace: `title`, `itunes:title`, `podcast:source`. */
  readonly name: string;
  readonly attributes: RawAttributes;
  /** Character data of the element and of markup inside it, cut at 128 Ki characters. */
  text: string;
  readonly children: RawElement[];
}

/** The elements of a channel or an item, by name, in the feed's order. */
export type RawFields = Map<string, RawElement[]>;

/** A feed as it was written. */
export interface RawFeed {
  readonly channel: RawFields;
  readonly items: readonly RawFields[];
  readonly warnings: readonly FeedWarning[];
}

/** The first element of that name, or null. */
export function firstElement(fields: RawFields, name: string): RawElement | null {
  return fields.get(name)?.[0] ?? null;
}

/** The trimmed text of the first of these elements that has any, or null. */
export function firstText(fields: RawFields, ...names: readonly string[]): string | null {
  for (const name of names) {
    const text = firstElement(fields, name)?.text.trim();
    if (text) return text;
  }
  return null;
}
