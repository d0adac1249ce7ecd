import { LRUCache } from 'lru-cache';
import {
  cleanReferrer,
  cleanUserAgent,
  dictionaryEntry,
  type DictionaryEntry,
} from '../domain/storable-event.js';

type Known = { readonly entry: DictionaryEntry | null };

/**
 * User agents and referrers in the form in which they are stored. Remembers recent ones: few texts come with very many
 * events, and cleaning and hashing one costs more than all else that is done to an event's sender.
 */
export class KnownTexts {
  private readonly userAgents = remember((text) => dictionaryEntry(cleanUserAgent(text)));
  private readonly referrers = remember((text) => dictionaryEntry(cleanReferrer(text)));

  /** Null when there is none, or nothing of it is left after cleaning. */
  userAgent(text: string | undefined): DictionaryEntry | null {
    return text === undefined ? null : this.userAgents.memo(text).entry;
  }

  /** Null when there is none, or it is not an address of the web. */
  referrer(text: string | undefined): DictionaryEntry | null {
    return text === undefined ? null : this.referrers.memo(text).entry;
  }
}

function remember(read: (text: string) => DictionaryEntry | null): LRUCache<string, Known> {
  return new LRUCache<string, Known>({ max: 5_000, memoMethod: (text) => ({ entry: read(text) }) });
}
