import type { ParsedEpisode } from './parsed-feed.js';

/** What tells a stored episode from the others of its podcast. */
export interface EpisodeIdentity {
  readonly id: string;
  readonly guid: string;
  /** Host and path of its file; empty when it has none. */
  readonly mediaKey: string;
}

/** Which stored episode an item of the feed is. `id` is null for one that is new. */
export interface EpisodeMatch {
  readonly item: ParsedEpisode;
  readonly id: string | null;
  /** The guid under which the episode is stored from now on. */
  readonly guid: string;
}

/**
 * Finds the stored episode behind each item of a feed. No stored episode is used twice; the strongest proof goes first:
 *
 * 1. guid and file are the same;
 * 2. the guid is the same, and it is carried by exactly one stored episode and one item: the file has moved;
 * 3. the file is the same, is left over by exactly one stored episode and one item, and the guid of either was only
 *    made from the file's address: the feed changed scheme, or gave its items guids. A real guid then replaces a made one.
 *
 * Stored guid and file together stay unique, and a second run over what the first one stored finds every item by 1 or 3.
 * @param stored every episode of the podcast, archived ones included
 * @param items episodes of one feed; guid and file together are unique
 */
export function matchEpisodes(
  stored: readonly EpisodeIdentity[],
  items: readonly ParsedEpisode[],
): EpisodeMatch[] {
  const found = new Map<ParsedEpisode, EpisodeIdentity>();
  const free = new Set(stored);
  const pair = (item: ParsedEpisode, episode: EpisodeIdentity | undefined): void => {
    if (episode === undefined || found.has(item) || !free.delete(episode)) return;
    found.set(item, episode);
  };

  const byBoth = new Map(stored.map((episode) => [bothOf(episode.guid, episode.mediaKey), episode]));
  for (const item of items) pair(item, byBoth.get(bothOf(item.guid, item.target.mediaKey)));

  const guidsOfItems = soleBy(items, ({ guid }) => guid);
  const guidsOfStored = soleBy(stored, ({ guid }) => guid);
  for (const [guid, item] of guidsOfItems) pair(item, guidsOfStored.get(guid));

  const leftItems = items.filter((item) => !found.has(item));
  const filesOfItems = soleBy(leftItems, ({ target }) => target.mediaKey);
  const filesOfStored = soleBy([...free], ({ mediaKey }) => mediaKey);
  for (const [mediaKey, item] of filesOfItems) {
    const episode = filesOfStored.get(mediaKey);
    if (isMade(item.guid, mediaKey) || isMade(episode?.guid ?? '', mediaKey)) pair(item, episode);
  }

  return items.map((item) => {
    const episode = found.get(item);
    if (episode === undefined) return { item, id: null, guid: item.guid };
    const guid = isMade(item.guid, item.target.mediaKey) ? episode.guid : item.guid;
    return { item, id: episode.id, guid };
  });
}

function bothOf(guid: string, mediaKey: string): string {
  return JSON.stringify([guid, mediaKey]);
}

/** The entries whose key no other entry has. */
function soleBy<T>(entries: readonly T[], keyOf: (entry: T) => string): Map<string, T> {
  const sole = new Map<string, T>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (seen.has(key)) sole.delete(key);
    else sole.set(key, entry);
    seen.add(key);
  }
  return sole;
}

/** Whether a guid says no more than where the file is: such a guid changes with the scheme of the address. */
function isMade(guid: string, mediaKey: string): boolean {
  return guid === `http://${mediaKey}` || guid === `https://${mediaKey}`;
}
