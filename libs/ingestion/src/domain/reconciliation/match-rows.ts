/** One row of the other party's file. Empty cells are null. */
export interface TheirRow {
  /** Line of the file on which the row ends, from 1. */
  readonly line: number;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly count: number;
  readonly episodeId: string | null;
  readonly guid: string | null;
  readonly title: string | null;
  /** Id, `podcast:guid` or title. */
  readonly podcast: string | null;
}

/** What a row may mean. */
export interface KnownEpisode {
  readonly id: string;
  readonly guid: string;
  readonly title: string;
  readonly podcastId: string;
}
export interface KnownPodcast {
  readonly id: string;
  readonly podcastGuid: string | null;
  readonly title: string;
}
export interface Catalog {
  readonly episodes: readonly KnownEpisode[];
  /** Those that rows name, and those of `episodes`. */
  readonly podcasts: readonly KnownPodcast[];
}

/** What a row is about. */
export interface Subject {
  readonly level: 'episode' | 'podcast';
  readonly id: string;
  readonly title: string;
  readonly podcastId: string;
}

export interface MatchedRow {
  readonly row: TheirRow;
  readonly subject: Subject;
}

/** A row that is not compared. `ambiguous`: it fits several; an episode's id, or the podcast beside a guid, decides. */
export interface UnmatchedRow {
  readonly row: TheirRow;
  readonly reason: 'no_such_episode' | 'no_such_podcast' | 'ambiguous';
}

export interface MatchedRows {
  readonly matched: readonly MatchedRow[];
  readonly unmatched: readonly UnmatchedRow[];
}

/**
 * Finds what rows are about: the episode with the id, else with the guid, else with exactly the title; a podcast narrows
 * that down, and alone stands for all of its episodes together.
 */
export function matchRows(rows: readonly TheirRow[], catalog: Catalog): MatchedRows {
  const find = new SubjectFinder(catalog);
  const matched: MatchedRow[] = [];
  const unmatched: UnmatchedRow[] = [];
  for (const row of rows) {
    const subject = find.subject(row);
    if (typeof subject === 'string') unmatched.push({ row, reason: subject });
    else matched.push({ row, subject });
  }
  return { matched, unmatched };
}

class SubjectFinder {
  private readonly byId: ReadonlyMap<string, KnownEpisode[]>;
  private readonly byGuid: ReadonlyMap<string, KnownEpisode[]>;
  private readonly byTitle: ReadonlyMap<string, KnownEpisode[]>;
  private readonly podcasts: ReadonlyMap<string, KnownPodcast[]>;

  constructor({ episodes, podcasts }: Catalog) {
    this.byId = groupBy(episodes, ({ id }) => [id]);
    this.byGuid = groupBy(episodes, ({ guid }) => [guid]);
    this.byTitle = groupBy(episodes, ({ title }) => [title]);
    this.podcasts = groupBy(podcasts, ({ id, podcastGuid, title }) => [id, podcastGuid ?? id, title]);
  }

  subject(row: TheirRow): Subject | UnmatchedRow['reason'] {
    const named = row.podcast === null ? undefined : (this.podcasts.get(row.podcast) ?? []);
    if (named?.length === 0) return 'no_such_podcast';
    const candidates = this.episodes(row);
    if (candidates === undefined) return podcastSubject(named ?? []);
    const podcastIds = named && new Set(named.map(({ id }) => id));
    const [episode, ...others] = candidates.filter(
      ({ podcastId }) => podcastIds === undefined || podcastIds.has(podcastId),
    );
    if (episode === undefined) return 'no_such_episode';
    if (others.length > 0) return 'ambiguous';
    const { id, title, podcastId } = episode;
    return { level: 'episode', id, title, podcastId };
  }

  /** Undefined where the row names no episode. */
  private episodes({ episodeId, guid, title }: TheirRow): readonly KnownEpisode[] | undefined {
    if (episodeId !== null) return this.byId.get(episodeId) ?? [];
    if (guid !== null) return this.byGuid.get(guid) ?? [];
    if (title !== null) return this.byTitle.get(title) ?? [];
    return undefined;
  }
}

function podcastSubject([podcast, ...others]: readonly KnownPodcast[]): Subject | UnmatchedRow['reason'] {
  if (podcast === undefined) return 'no_such_podcast';
  if (others.length > 0) return 'ambiguous';
  return { level: 'podcast', id: podcast.id, title: podcast.title, podcastId: podcast.id };
}

function groupBy<Item>(items: readonly Item[], keysOf: (item: Item) => string[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    for (const key of new Set(keysOf(item))) {
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
  }
  return groups;
}
