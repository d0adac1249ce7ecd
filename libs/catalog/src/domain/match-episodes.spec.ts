import { expect, test } from '@jest/globals';
import { matchEpisodes, type EpisodeIdentity } from './match-episodes.js';
import type { ParsedEpisode } from './parsed-feed.js';

function item(guid: string, mediaKey: string): ParsedEpisode {
  return { guid, target: { mediaKey } } as ParsedEpisode;
}

function stored(id: string, guid: string, mediaKey: string): EpisodeIdentity {
  return { id, guid, mediaKey };
}

function idsAndGuids(episodes: EpisodeIdentity[], items: ParsedEpisode[]): unknown[] {
  return matchEpisodes(episodes, items).map(({ id, guid }) => [id, guid]);
}

test('a moved file belongs to the one episode with that guid', () => {
  expect(idsAndGuids([stored('s', 'g', 'old/1')], [item('g', 'new/1')])).toEqual([['s', 'g']]);
});

test('a guid that two items or two episodes carry proves nothing', () => {
  const one = [stored('s', 'g', 'old/1')];
  expect(idsAndGuids(one, [item('g', 'new/1'), item('g', 'new/2')])).toEqual([
    [null, 'g'],
    [null, 'g'],
  ]);
  const two = [stored('s', 'g', 'old/1'), stored('t', 'g', 'old/2')];
  expect(idsAndGuids(two, [item('g', 'new/1')])).toEqual([[null, 'g']]);
});

test('a file under another real guid is another episode', () => {
  expect(idsAndGuids([stored('s', 'g', 'h/1')], [item('other', 'h/1')])).toEqual([[null, 'other']]);
});

test('a guid made from the address survives a change of scheme', () => {
  expect(idsAndGuids([stored('s', 'http://h/1', 'h/1')], [item('https://h/1', 'h/1')])).toEqual([
    ['s', 'http://h/1'],
  ]);
});

test('a real guid replaces one made from the address, never the other way round', () => {
  expect(idsAndGuids([stored('s', 'http://h/1', 'h/1')], [item('g', 'h/1')])).toEqual([['s', 'g']]);
  expect(idsAndGuids([stored('s', 'g', 'h/1')], [item('http://h/1', 'h/1')])).toEqual([['s', 'g']]);
});
