import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchEpisodes, type EpisodeIdentity } from './match-episodes.js';
import type { ParsedEpisode } from './parsed-feed.js';

/** Few values, so that guids and files collide all the time; some guids are made from a file's address. */
const mediaKey = fc.constantFrom('a.example/1', 'a.example/2', 'b.example/1');
const guid = fc.constantFrom('g1', 'g2', 'http://a.example/1', 'https://a.example/1', 'https://b.example/1');
const pairs = fc.uniqueArray(fc.record({ guid, mediaKey }), {
  selector: (pair) => JSON.stringify(pair),
  maxLength: 10,
});

const items = pairs.map((all) =>
  all.map((pair) => ({ guid: pair.guid, target: { mediaKey: pair.mediaKey } }) as ParsedEpisode),
);
const stored = pairs.map((all) => all.map((pair, index): EpisodeIdentity => ({ id: `s${index}`, ...pair })));

/** What is stored after an import. */
function apply(
  before: readonly EpisodeIdentity[],
  matches: ReturnType<typeof matchEpisodes>,
): EpisodeIdentity[] {
  const after = new Map(before.map((episode) => [episode.id, episode]));
  for (const [index, match] of matches.entries()) {
    const id = match.id ?? `n${index}`;
    after.set(id, { id, guid: match.guid, mediaKey: match.item.target.mediaKey });
  }
  return [...after.values()];
}

test('every item is answered once, in order, and no stored episode is used twice', () => {
  fc.assert(
    fc.property(stored, items, (before, feed) => {
      const matches = matchEpisodes(before, feed);
      expect(matches.map(({ item }) => item)).toEqual(feed);
      const used = matches.flatMap(({ id }) => id ?? []);
      expect(new Set(used).size).toBe(used.length);
      expect(before.map(({ id }) => id)).toEqual(expect.arrayContaining(used));
    }),
  );
});

test('guid and file together stay unique', () => {
  fc.assert(
    fc.property(stored, items, (before, feed) => {
      const after = apply(before, matchEpisodes(before, feed)).map((e) => `${e.guid} ${e.mediaKey}`);
      expect(new Set(after).size).toBe(after.length);
    }),
  );
});

test('a second import of the same feed finds every item and changes no identity', () => {
  fc.assert(
    fc.property(stored, items, (before, feed) => {
      const after = apply(before, matchEpisodes(before, feed));
      const again = matchEpisodes(after, feed);
      expect(again.filter(({ id }) => id === null)).toEqual([]);
      expect(apply(after, again)).toEqual(after);
    }),
  );
});

test('an episode with the same guid and file is always itself', () => {
  fc.assert(
    fc.property(stored, items, (before, feed) => {
      for (const { item, id } of matchEpisodes(before, feed)) {
        const same = before.find((e) => e.guid === item.guid && e.mediaKey === item.target.mediaKey);
        if (same !== undefined) expect(id).toBe(same.id);
      }
    }),
  );
});
