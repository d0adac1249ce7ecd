import { randomUUID } from 'node:crypto';
import type { TenantScope } from '@lib/database';
import { moveWatermark } from '@lib/time-series';
import { podcastArchived, podcastNotFound } from '../domain/catalog.errors.js';
import { FeedSuperseded } from '../domain/feed.errors.js';
import { feedAddress } from '../domain/feed-address.js';
import type { FeedImportReport, ImportSkip } from '../domain/feed-import-report.js';
import { fitsIdentity } from '../domain/fits-identity.js';
import { mediaHosts } from '../domain/media-hosts.js';
import { matchEpisodes, type EpisodeMatch } from '../domain/match-episodes.js';
import { mediaKind } from '../domain/media-kind.js';
import type { AlternateMedia, ParsedEpisode, ParsedFeed } from '../domain/parsed-feed.js';
import { listEpisodeIdentities, type StoredEpisode } from '../infrastructure/feed-episodes.sql.js';
import {
  findPodcastOfFeed,
  insertFeedPodcast,
  lockImports,
  updateFeedPodcast,
  type FeedIdentity,
  type FetchedCopy,
} from '../infrastructure/feed-podcast.sql.js';
import { findPodcast } from '../infrastructure/podcasts.sql.js';
import { noteEnclosureChanges, noteFeedMove, type FeedMove } from './note-feed-changes.js';
import { announceDates } from './announce-dates.js';
import { announceFiles } from './announce-files.js';
import { insertHandle } from '../infrastructure/redirect-handles.sql.js';
import { randomHandle } from './random-handle.js';
import { registerHosts } from './register-hosts.js';
import { requirePodcastRoom } from './require-podcast-room.js';
import { storeEpisodes } from './store-episodes.js';

/** Where a feed came from. */
export interface FeedSource {
  /** The podcast that it is for; undefined finds or creates one. */
  readonly podcastId: string | undefined;
  /** Undefined for a feed that was handed over as a file. */
  readonly fetched: FetchedFrom | undefined;
  /** The tenant's tracking domains, in lower case. */
  readonly ownPrefixHosts: readonly string[];
}

/** A copy of a feed, fetched from where. */
export interface FetchedFrom extends FetchedCopy {
  /** Address that is fetched from now on. */
  readonly feedUrl: string;
  /** Address that was asked for: another one when the feed has moved for good. */
  readonly requestedUrl: string;
  readonly movedBy: FeedMove['movedBy'];
}

type Scope = Pick<TenantScope, 'tenantId' | 'sql'>;

/**
 * Stores a feed in the open transaction: its podcast, and every episode, many to a statement. Imports of one podcast wait
 * for each other, so that two at once leave one set of episodes. What makes apps download files again, and a move of the
 * feed itself, leave an annotation.
 * @throws DomainError `podcast_not_found` (404), `podcast_archived` (409), `podcast_quota_reached` (409); FeedSuperseded
 */
export async function storeFeed(
  scope: Scope,
  feed: ParsedFeed,
  source: FeedSource,
): Promise<FeedImportReport> {
  const podcast = await storePodcast(scope, feed, source);
  const { usable, tooLong } = splitByIdentity(feed.episodes);
  const { stored, matches, notInFeed } = await matchWithStored(scope, podcast.id, usable);
  await noteEnclosureChanges(scope, podcast.id, stored, matches, source.ownPrefixHosts);
  await registerHosts(scope, podcast.id, hostsOf(feed));
  const episodes = await storeEpisodes(scope, podcast.id, matches);
  if (episodes.created + episodes.updated > 0) await announceFiles(scope);
  if (episodes.updated > 0) await announceDates(scope);
  // Answers name podcasts and episodes by their titles.
  if (podcast.changed || episodes.created + episodes.updated > 0)
    await moveWatermark(scope.sql, scope.tenantId);
  return {
    podcastId: podcast.id,
    created: podcast.created,
    episodes,
    skipped: [...feed.skipped, ...tooLong].sort((a, b) => a.position - b.position),
    warnings: feed.warnings,
    notInFeed,
  };
}

async function storePodcast(
  { sql, tenantId }: Scope,
  feed: ParsedFeed,
  { podcastId, fetched }: FeedSource,
): Promise<{ id: string; created: boolean; changed: boolean }> {
  const identity = identityOf(feed, fetched);
  await lockImports(sql, tenantId, keysOf(identity));
  const known = podcastId === undefined ? undefined : await findPodcast(sql, tenantId, podcastId);
  if (podcastId !== undefined && known === undefined) throw podcastNotFound();
  const existing = known ?? (await findPodcastOfFeed(sql, tenantId, identity));
  const stored = { ...feed, feedUrl: identity.addresses[0] ?? null, fetched: fetched ?? null };
  if (existing === undefined) {
    await requirePodcastRoom({ sql, tenantId });
    const id = randomUUID();
    await insertFeedPodcast(sql, tenantId, id, { ...stored, title: identity.title });
    await insertHandle(sql, tenantId, id, randomHandle());
    return { id, created: true, changed: true };
  }
  if (existing.archivedAt !== null) throw podcastArchived(existing.id);
  await lockImports(sql, tenantId, [`podcast ${existing.id}`]);
  const updated = await updateFeedPodcast(sql, tenantId, existing.id, {
    ...stored,
    title: feed.title || null,
  });
  if (updated === undefined) throw new FeedSuperseded();
  if (fetched !== undefined && fetched.requestedUrl === existing.feedUrl)
    await noteFeedMove({ sql, tenantId }, existing.id, fetched);
  return { id: existing.id, created: false, changed: updated.seen };
}

/** An address that was fetched is trusted more than the one that the feed names itself, which copies share. */
function identityOf(feed: ParsedFeed, fetched: FeedSource['fetched']): FeedIdentity {
  const named = fetched ? [fetched.feedUrl, fetched.requestedUrl] : [feed.feedUrl];
  const addresses = named.map(feedAddress).filter((address) => address !== null);
  const title = feed.title || (addresses[0] ? new URL(addresses[0]).hostname : 'Untitled podcast');
  return { podcastGuid: feed.podcastGuid, addresses, title, link: feed.link };
}

function keysOf({ podcastGuid, addresses, title, link }: FeedIdentity): string[] {
  if (podcastGuid === null && addresses.length === 0) return [`show ${link ?? ''} ${title}`];
  return [...(podcastGuid === null ? [] : [`guid ${podcastGuid}`]), ...addresses.map((url) => `url ${url}`)];
}

/** Where files of the feed lie, audio and video of other renditions included. */
function hostsOf({ episodes }: ParsedFeed): string[] {
  const isMedia = ({ type, mediaKey }: AlternateMedia): boolean => mediaKind(type, mediaKey) !== 'other';
  const keys = episodes.flatMap(({ target, alternates }) => [target, ...alternates.filter(isMedia)]);
  return mediaHosts(keys.map(({ mediaKey }) => mediaKey));
}

function splitByIdentity(episodes: readonly ParsedEpisode[]): {
  usable: ParsedEpisode[];
  tooLong: ImportSkip[];
} {
  const fits = ({ guid, target }: ParsedEpisode): boolean => fitsIdentity(guid, target.mediaKey);
  return {
    usable: episodes.filter(fits),
    tooLong: episodes
      .filter((episode) => !fits(episode))
      .map(({ position, title }) => {
        const detail = 'the guid and the address of the file together are too long';
        return { position, title, code: 'identity_too_long', detail };
      }),
  };
}

async function matchWithStored(
  { sql, tenantId }: Scope,
  podcastId: string,
  items: readonly ParsedEpisode[],
): Promise<{ stored: StoredEpisode[]; matches: EpisodeMatch[]; notInFeed: number }> {
  const stored = await listEpisodeIdentities(sql, tenantId, podcastId);
  const matches = matchEpisodes(stored, items);
  const inFeed = new Set(matches.map(({ id }) => id));
  const notInFeed = stored.filter(({ id, archived }) => !archived && !inFeed.has(id)).length;
  return { stored, matches, notInFeed };
}
