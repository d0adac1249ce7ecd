import { describe, expect, test } from '@jest/globals';
import { matchRows, type Catalog, type TheirRow } from './match-rows.js';
import { pairCounts, type OurCount } from './pair-counts.js';

const CATALOG: Catalog = {
  podcasts: [
    { id: 'p1', podcastGuid: 'guid-1', title: 'Harbour Light' },
    { id: 'p2', podcastGuid: null, title: 'Signal & Salt' },
    { id: 'p3', podcastGuid: null, title: 'Signal & Salt' },
  ],
  episodes: [
    { id: 'e1', guid: 'hl-1', title: 'The keeper', podcastId: 'p1' },
    { id: 'e2', guid: 'hl-2', title: 'Trailer', podcastId: 'p1' },
    { id: 'e3', guid: 'hl-1', title: 'Trailer', podcastId: 'p2' },
    { id: 'e4', guid: 'twice', title: 'Old file', podcastId: 'p1' },
    { id: 'e5', guid: 'twice', title: 'New file', podcastId: 'p1' },
  ],
};
let lines = 1;
const row = (of: Partial<TheirRow>): TheirRow => ({
  line: (lines += 1),
  day: '2026-10-12',
  count: 10,
  episodeId: null,
  guid: null,
  title: null,
  podcast: null,
  ...of,
});
const match = (of: Partial<TheirRow>) => {
  const { matched, unmatched } = matchRows([row(of)], CATALOG);
  return matched[0]?.subject.id ?? unmatched[0]?.reason;
};
const ours = (episodeId: string, podcastId: string, downloads: number, day = '2026-10-12'): OurCount => ({
  day,
  episodeId,
  podcastId,
  downloads,
});
const pair = (rows: TheirRow[], own: OurCount[]) => pairCounts(matchRows(rows, CATALOG).matched, own);

describe('a row of theirs', () => {
  test.each([
    [{ episodeId: 'e1' }, 'e1'],
    [{ episodeId: 'e1', guid: 'hl-2' }, 'e1'],
    [{ guid: 'hl-2' }, 'e2'],
    [{ guid: 'hl-1' }, 'ambiguous'],
    [{ guid: 'hl-1', podcast: 'Harbour Light' }, 'e1'],
    [{ guid: 'hl-1', podcast: 'p2' }, 'e3'],
    [{ guid: 'hl-2', podcast: 'p2' }, 'no_such_episode'],
    [{ guid: 'twice', podcast: 'guid-1' }, 'ambiguous'],
    [{ title: 'The keeper' }, 'e1'],
    [{ title: 'the keeper' }, 'no_such_episode'],
    [{ title: 'Trailer' }, 'ambiguous'],
    // The title alone does not say which podcast, the guid decides between them.
    [{ guid: 'hl-2', podcast: 'Signal & Salt' }, 'no_such_episode'],
    [{ guid: 'hl-1', podcast: 'Signal & Salt' }, 'e3'],
    [{ podcast: 'guid-1' }, 'p1'],
    [{ podcast: 'Signal & Salt' }, 'ambiguous'],
    [{ podcast: 'Nobody' }, 'no_such_podcast'],
    [{ guid: 'hl-2', podcast: 'Nobody' }, 'no_such_podcast'],
  ])('%p is about %s', (of, subject) => {
    expect(match(of)).toBe(subject);
  });
});

describe('our numbers beside theirs', () => {
  test('a day without a row is a 0 of theirs, a row without downloads one of ours', () => {
    const { pairs, leftOut } = pair(
      [row({ episodeId: 'e1' }), row({ episodeId: 'e1', day: '2026-10-14', count: 7 })],
      [ours('e1', 'p1', 9), ours('e1', 'p1', 4, '2026-10-13')],
    );
    expect(pairs).toEqual([
      { subjectId: 'e1', day: '2026-10-12', ours: 9, theirs: 10 },
      { subjectId: 'e1', day: '2026-10-14', ours: 0, theirs: 7 },
      { subjectId: 'e1', day: '2026-10-13', ours: 4, theirs: 0 },
    ]);
    expect(leftOut).toEqual([]);
  });

  test('episodes that the file leaves out are told apart and not compared', () => {
    const { pairs, leftOut } = pair(
      [row({ episodeId: 'e1' })],
      [ours('e2', 'p1', 1), ours('e4', 'p1', 3), ours('e4', 'p1', 2, '2026-10-13')],
    );
    expect(pairs).toEqual([{ subjectId: 'e1', day: '2026-10-12', ours: 0, theirs: 10 }]);
    expect(leftOut).toEqual([
      { episodeId: 'e4', podcastId: 'p1', downloads: 5 },
      { episodeId: 'e2', podcastId: 'p1', downloads: 1 },
    ]);
  });

  test('a podcast stands for all of its episodes', () => {
    const { pairs, subjects } = pair([row({ podcast: 'p1' })], [ours('e1', 'p1', 6), ours('e2', 'p1', 3)]);
    expect(pairs).toEqual([{ subjectId: 'p1', day: '2026-10-12', ours: 9, theirs: 10 }]);
    expect(subjects).toMatchObject([{ level: 'podcast', title: 'Harbour Light' }]);
  });

  test('what the file says twice is refused with its line', () => {
    const [first, second] = [row({ episodeId: 'e1' }), row({ title: 'The keeper' })];
    expect(() => pair([first, second], [])).toThrow(
      expect.objectContaining({
        code: 'csv_row_repeated',
        extra: { field: `line ${second.line}` },
      }),
    );
    const whole = row({ podcast: 'p1' });
    expect(() => pair([first, whole], [])).toThrow(
      expect.objectContaining({
        code: 'csv_levels_mixed',
        extra: { field: `line ${whole.line}` },
      }),
    );
    expect(pair([row({ podcast: 'p1' }), row({ episodeId: 'e3' })], []).pairs).toHaveLength(2);
  });
});
