import type { FeedReading } from './feed-reading.js';
import type { ParsedEpisode, SkippedItem } from './parsed-feed.js';

/**
 * Merges items that name the same guid and the same file: the first one stays. Episodes that share only one of
 * the two stay apart, with a warning.
 */
export function mergeRepeated(
  items: readonly ParsedEpisode[],
  { warnings }: FeedReading,
): { episodes: ParsedEpisode[]; repeated: SkippedItem[] } {
  const episodes: ParsedEpisode[] = [];
  const repeated: SkippedItem[] = [];
  const byBoth = new Map<string, number>();
  const byGuid = new Map<string, number>();
  const byFile = new Map<string, number>();
  for (const item of items) {
    const { position, title, guid } = item;
    const file = item.target.mediaKey;
    const both = JSON.stringify([guid, file]);
    const first = byBoth.get(both);
    if (first !== undefined) {
      const detail = `guid and file of ${numberOf(first)}`;
      repeated.push({ position, title, code: 'duplicate_item', detail });
      continue;
    }
    const sameGuid = byGuid.get(guid);
    const sameFile = byFile.get(file);
    if (sameGuid !== undefined)
      warnings.add(position, 'guid_repeated', `guid of ${numberOf(sameGuid)}, another file`);
    if (sameFile !== undefined)
      warnings.add(position, 'enclosure_repeated', `file of ${numberOf(sameFile)}, another guid`);
    byBoth.set(both, position);
    byGuid.set(guid, sameGuid ?? position);
    byFile.set(file, sameFile ?? position);
    episodes.push(item);
  }
  return { episodes, repeated };
}

/** For people, who count from 1; programs have `position`. */
function numberOf(position: number): string {
  return `item ${position + 1} (counted from 1)`;
}
