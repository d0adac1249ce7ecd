import type { CountPair } from './reconcile.js';
import { rowRepeated, levelsMixed } from './their-file.errors.js';
import type { MatchedRow, Subject } from './match-rows.js';

/** Downloads of an episode on a day, as they are shown here, at the level of evidence that is compared. */
export interface OurCount {
  /** `YYYY-MM-DD`, UTC. */
  readonly day: string;
  readonly episodeId: string;
  readonly podcastId: string;
  readonly downloads: number;
}

/** Our downloads of an episode that the file leaves out, though it has others of its podcast. */
export interface LeftOut {
  readonly episodeId: string;
  readonly podcastId: string;
  readonly downloads: number;
}

export interface PairedCounts {
  readonly pairs: readonly CountPair[];
  readonly subjects: readonly Subject[];
  /** Not compared: nobody says that theirs has them. By number, the largest first. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Puts our numbers beside the rows of the other party. Of an episode or podcast that the file names at all, a day without
 * a row is a 0 of theirs: exports leave zeros out.
 * @param ours of the podcasts and days of the rows
 * @throws DomainError `csv_row_repeated`, `csv_levels_mixed` (422)
 */
export function pairCounts(rows: readonly MatchedRow[], ours: readonly OurCount[]): PairedCounts {
  const subjects = subjectsOf(rows);
  const pairs = new Map<string, { -readonly [Key in keyof CountPair]: CountPair[Key] }>();
  const lines = new Map<string, number>();
  const pairOf = (subjectId: string, day: string) => {
    const key = `${day} ${subjectId}`;
    const pair = pairs.get(key) ?? { subjectId, day, ours: 0, theirs: 0 };
    pairs.set(key, pair);
    return pair;
  };
  for (const { row, subject } of rows) {
    const key = `${row.day} ${subject.id}`;
    const before = lines.get(key);
    if (before !== undefined) throw rowRepeated(row.line, before);
    lines.set(key, row.line);
    pairOf(subject.id, row.day).theirs = row.count;
  }
  const leftOut = new Map<string, { -readonly [Key in keyof LeftOut]: LeftOut[Key] }>();
  for (const { day, episodeId, podcastId, downloads } of ours) {
    const subject = subjects.get(episodeId) ?? subjects.get(podcastId);
    if (subject) pairOf(subject.id, day).ours += downloads;
    else {
      const episode = leftOut.get(episodeId) ?? { episodeId, podcastId, downloads: 0 };
      episode.downloads += downloads;
      leftOut.set(episodeId, episode);
    }
  }
  return {
    pairs: [...pairs.values()],
    subjects: [...subjects.values()],
    leftOut: [...leftOut.values()].sort((a, b) => b.downloads - a.downloads),
  };
}

function subjectsOf(rows: readonly MatchedRow[]): Map<string, Subject> {
  const subjects = new Map<string, Subject>();
  const levels = new Map<string, Subject['level']>();
  for (const { row, subject } of rows) {
    const level = levels.get(subject.podcastId) ?? subject.level;
    if (level !== subject.level) throw levelsMixed(row.line);
    levels.set(subject.podcastId, level);
    subjects.set(subject.id, subject);
  }
  return subjects;
}
