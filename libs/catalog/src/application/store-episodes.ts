import { randomUUID } from 'node:crypto';
import type { TenantScope } from '@lib/database';
import type { FeedImportReport } from '../domain/feed-import-report.js';
import type { EpisodeMatch } from '../domain/match-episodes.js';
import {
  insertFeedEpisodes,
  updateFeedEpisodes,
  type FeedEpisode,
} from '../infrastructure/feed-episodes.sql.js';

/** Episodes that are written with one statement. */
const BATCH = 500;

/** Stores the episodes of a feed in the open transaction, those that are new as well as those that are known. */
export async function storeEpisodes(
  { sql, tenantId }: Pick<TenantScope, 'tenantId' | 'sql'>,
  podcastId: string,
  matches: readonly EpisodeMatch[],
): Promise<FeedImportReport['episodes']> {
  const known = matches.filter(({ id }) => id !== null).map(toFeedEpisode);
  const fresh = matches.filter(({ id }) => id === null).map(toFeedEpisode);
  let [created, updated] = [0, 0];
  for (const some of inBatches(known)) updated += await updateFeedEpisodes(sql, tenantId, podcastId, some);
  for (const some of inBatches(latestFirst(fresh)))
    created += await insertFeedEpisodes(sql, tenantId, podcastId, some);
  return { created, updated, unchanged: known.length - updated };
}

/** The process does nothing else while it writes a batch as text: 32 MB at once took it a second. */
function* inBatches(episodes: readonly FeedEpisode[]): Generator<FeedEpisode[]> {
  for (let start = 0; start < episodes.length; start += BATCH) yield episodes.slice(start, start + BATCH);
}

/** Puts the latest publication first, what has no date last, and what is equal as in the feed. */
function latestFirst(episodes: readonly FeedEpisode[]): FeedEpisode[] {
  const time = ({ publishedAt }: FeedEpisode): number => publishedAt?.getTime() ?? -Infinity;
  return [...episodes]
    .sort((a, b) => (time(a) === time(b) ? a.position - b.position : time(b) - time(a)))
    .map((episode, position) => ({ ...episode, position }));
}

function toFeedEpisode({ item, id, guid }: EpisodeMatch): FeedEpisode {
  const { target, enclosureBytes, publishedAt, prefixes, alternates, guidSource, ...rest } = item;
  return {
    ...rest,
    id: id ?? randomUUID(),
    guid,
    mediaKey: target.mediaKey,
    mediaBytes: enclosureBytes,
    // A date of year 9999 can lie in the year 10000 in UTC, whose text form PostgreSQL does not read.
    publishedAt: publishedAt && publishedAt.getUTCFullYear() > 9999 ? null : publishedAt,
  };
}
