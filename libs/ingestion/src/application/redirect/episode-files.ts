import { tenantContext, type RolePool } from '@lib/database';
import { MINUTE_MS, type TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import {
  locateEpisodes,
  type EpisodeLocator,
  type LocatedFile,
} from '../../domain/access-log/locate-episodes.js';
import { episodeFiles } from '../../infrastructure/episode-files.sql.js';

interface PodcastFiles {
  readonly locate: EpisodeLocator;
  readonly files: number;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

/** Episodes whose files are remembered, over all podcasts, at some 300 bytes each. */
const REMEMBERED = 200_000;
const FRESH_MS = 5 * MINUTE_MS;
/** A file that no episode has may be that of one published just now: its podcast is read again after so long. */
const RECHECK_MS = 10_000;
const NO_ALIASES = { missing: null, aliases: new Map<string, string>() };

/** Finds the episodes that requests behind the redirect belong to. Remembers the files of podcasts in demand. */
export class EpisodeFiles {
  private readonly podcasts = new LRUCache<string, PodcastFiles>({
    maxSize: REMEMBERED,
    sizeCalculation: ({ files }) => files + 1,
    ttl: FRESH_MS,
  });
  private readonly reading = new Map<string, Promise<PodcastFiles>>();

  constructor(private readonly pool: RolePool) {}

  /** Undefined when the file is no episode's. @param mediaKey host and path @throws the database's error */
  async locate(tenantId: TenantId, podcastId: string, mediaKey: string): Promise<LocatedFile | undefined> {
    const known = this.podcasts.get(podcastId);
    const found = known?.locate(split(mediaKey));
    if (found !== undefined || (known && Date.now() - known.readAt < RECHECK_MS)) return found;
    return (await this.read(tenantId, podcastId)).locate(split(mediaKey));
  }

  private read(tenantId: TenantId, podcastId: string): Promise<PodcastFiles> {
    const underWay = this.reading.get(podcastId);
    if (underWay !== undefined) return underWay;
    const reading = this.load(tenantId, podcastId).finally(() => this.reading.delete(podcastId));
    this.reading.set(podcastId, reading);
    return reading;
  }

  private async load(tenantId: TenantId, podcastId: string): Promise<PodcastFiles> {
    const readAt = Date.now();
    const files = await this.pool.transaction(
      (sql) => episodeFiles(sql, tenantId, podcastId),
      tenantContext(tenantId),
    );
    const podcast = { locate: locateEpisodes(files, NO_ALIASES), files: files.length, readAt };
    this.podcasts.set(podcastId, podcast);
    return podcast;
  }
}

function split(mediaKey: string): { host: string; path: string } {
  const slash = mediaKey.indexOf('/');
  return { host: mediaKey.slice(0, slash), path: mediaKey.slice(slash) };
}
