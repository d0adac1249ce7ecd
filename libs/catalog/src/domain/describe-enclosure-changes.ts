import type { NewAnnotation } from './annotation.js';
import { ENCLOSURE_PARTS, type EnclosureChange } from './enclosure-change.js';

/** Episodes and hosts that one annotation names. Of what goes beyond, only the number is told. */
const MAX_EXAMPLES = 5;
const MAX_HOSTS = 20;

/** A changed enclosure and whose it is. */
export interface ChangedEpisode {
  readonly episodeId: string;
  readonly title: string;
  readonly change: EnclosureChange;
}

/**
 * The annotations for what one copy of a feed changed: at most one of each kind, however many episodes it touches.
 */
export function describeEnclosureChanges(
  podcastId: string,
  changed: readonly ChangedEpisode[],
): NewAnnotation[] {
  return (['prefix_changed', 'enclosure_changed'] as const).flatMap((kind) => {
    const some = changed.filter(({ change }) => change.kind === kind);
    if (some.length === 0) return [];
    const episodeId = some.length === 1 ? (some[0]?.episodeId ?? null) : null;
    return [{ kind, podcastId, episodeId, detail: detailOf(some) }];
  });
}

function detailOf(changed: readonly ChangedEpisode[]): object {
  const hosts = (side: 'before' | 'after') => distinct(changed.map(({ change }) => change[side].host));
  const prefixes = (has: 'before' | 'after', hasNot: 'before' | 'after') =>
    distinct(
      changed.flatMap(({ change }) =>
        change[has].prefixes.filter((prefix) => !change[hasNot].prefixes.includes(prefix)),
      ),
    );
  return {
    episodes: changed.length,
    changed: ENCLOSURE_PARTS.filter((part) => changed.some(({ change }) => change.changed.includes(part))),
    hostsBefore: hosts('before'),
    hostsAfter: hosts('after'),
    prefixesAdded: prefixes('after', 'before'),
    prefixesRemoved: prefixes('before', 'after'),
    examples: changed
      .slice(0, MAX_EXAMPLES)
      .map(({ episodeId, title, change: { changed: parts, before, after } }) => ({
        episodeId,
        title,
        changed: parts,
        before,
        after,
      })),
  };
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].slice(0, MAX_HOSTS);
}
