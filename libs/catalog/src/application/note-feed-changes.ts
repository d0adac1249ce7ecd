import type { TenantScope } from '@lib/database';
import { describeEnclosureChanges } from '../domain/describe-enclosure-changes.js';
import { enclosureChange } from '../domain/enclosure-change.js';
import type { EpisodeMatch } from '../domain/match-episodes.js';
import { insertAnnotation } from '../infrastructure/annotations.sql.js';
import type { StoredEpisode } from '../infrastructure/feed-episodes.sql.js';

type Scope = Pick<TenantScope, 'tenantId' | 'sql'>;

/** Where a feed is asked for, where it will be from now on, and what said so. */
export interface FeedMove {
  readonly requestedUrl: string;
  readonly feedUrl: string;
  /** Redirects with a status of 301 or 308, or `itunes:new-feed-url` in the feed itself. */
  readonly movedBy: 'permanent_redirect' | 'new_feed_url';
}

/** Notes that a podcast's feed has moved for good. Nothing when it has not. */
export async function noteFeedMove(
  { sql, tenantId }: Scope,
  podcastId: string,
  { requestedUrl, feedUrl, movedBy }: FeedMove,
): Promise<void> {
  if (feedUrl === requestedUrl) return;
  const detail = { from: requestedUrl, to: feedUrl, movedBy };
  await insertAnnotation(sql, tenantId, { kind: 'feed_moved', podcastId, episodeId: null, detail });
}

/**
 * Notes what apps will download again because the address of a file changed (PTMG v2.3 §5.3): at most one annotation of
 * each kind for all episodes together.
 * @param stored the podcast's episodes as they were before the import
 */
export async function noteEnclosureChanges(
  { sql, tenantId }: Scope,
  podcastId: string,
  stored: readonly StoredEpisode[],
  matches: readonly EpisodeMatch[],
  ownPrefixHosts: readonly string[],
): Promise<void> {
  const before = new Map(stored.map(({ id, enclosureUrl }) => [id, enclosureUrl]));
  const ownHosts = new Set(ownPrefixHosts);
  const changed = matches.flatMap(({ id, item: { title, enclosureUrl } }) => {
    const old = id === null ? null : before.get(id);
    const change = old ? enclosureChange(old, enclosureUrl, ownHosts) : null;
    return change === null || id === null ? [] : [{ episodeId: id, title, change }];
  });
  for (const annotation of describeEnclosureChanges(podcastId, changed))
    await insertAnnotation(sql, tenantId, annotation);
}
