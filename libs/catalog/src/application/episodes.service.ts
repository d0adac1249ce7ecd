import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { moveWatermark } from '@lib/time-series';
import {
  enclosureInvalid,
  episodeExists,
  episodeNotFound,
  podcastNotFound,
  searchHasNoPages,
} from '../domain/catalog.errors.js';
import { fitsIdentity } from '../domain/fits-identity.js';
import { mediaHosts } from '../domain/media-hosts.js';
import { mediaKey } from '../domain/media-key.js';
import { resolveFeedUrl } from '../domain/resolve-feed-url.js';
import {
  findEpisode,
  insertEpisode,
  listEpisodes,
  listEpisodesOfPodcast,
  searchEpisodes,
  updateEpisode,
  type EpisodeFields,
  type EpisodeRow,
  type EpisodeSummaryRow,
} from '../infrastructure/episodes.sql.js';
import { findPodcast } from '../infrastructure/podcasts.sql.js';
import { announceDates } from './announce-dates.js';
import { announceFiles } from './announce-files.js';
import { registerHosts } from './register-hosts.js';

/** What a caller may say of an episode. What follows from it (media key, sources) is worked out here. */
export type EpisodeRequest = Omit<
  EpisodeFields,
  'mediaKey' | 'mediaBytesSource' | 'headerBytesSource' | 'durationSource' | 'archivedAt'
>;

export type NewEpisode = EpisodeRequest & { title: string; guid?: string | undefined };

/** Which episodes are wanted: a page of a list, or the best matches of a search. */
export type EpisodeListRequest = PageRequest & {
  search?: string | undefined;
  podcastId?: string | undefined;
};

/** Episodes of the current tenant. Every method needs an open `TenantDb.run`. */
@Injectable()
export class EpisodesService {
  private readonly cursors: CursorCodec;
  private readonly ownHosts: ReadonlySet<string>;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
    this.ownHosts = new Set(settings.trackingHosts);
  }

  /**
   * Adds an episode. Without a guid its id is the guid.
   * @throws DomainError `podcast_not_found` (404), `episode_exists` (409), `invalid_input` (400, field `enclosureUrl`)
   */
  async create(podcastId: string, request: NewEpisode): Promise<EpisodeRow> {
    const row = await this.add(podcastId, request);
    await moveWatermark(this.db.current.sql, this.db.current.tenantId);
    return row;
  }

  /** `create` for one of many: the caller moves the watermark when all are there. */
  async add(podcastId: string, { guid, ...request }: NewEpisode): Promise<EpisodeRow> {
    const { sql, tenantId } = this.db.current;
    await this.requirePodcast(podcastId);
    const id = randomUUID();
    const key = { id, podcastId, guid: guid ?? id };
    const row = await insertEpisode(sql, tenantId, key, this.completed(request, key.guid));
    if (row === undefined) throw episodeExists();
    await registerHosts(this.db.current, podcastId, mediaHosts([row.mediaKey]));
    await announceFiles(this.db.current);
    return row;
  }

  /**
   * A page of the episodes that are not archived, the last added first; those of one import by publication. With `search`
   * the best matches. Without `podcastId` episodes of archived podcasts are left out.
   * @throws DomainError `invalid_cursor` (400), `invalid_input` (400, field `cursor`) for a search with a cursor
   */
  async list(request: EpisodeListRequest): Promise<Page<EpisodeSummaryRow>> {
    const { sql, tenantId } = this.db.current;
    const { search, podcastId, cursor, limit } = request;
    if (search !== undefined) {
      if (cursor !== undefined) throw searchHasNoPages();
      return { items: await searchEpisodes(sql, tenantId, search, podcastId ?? null, limit), next: null };
    }
    if (podcastId !== undefined) return this.pageOfPodcast(podcastId, request);
    return readPage(this.cursors, tenantId, 'episodes', request, (count, after) =>
      listEpisodes(sql, tenantId, count, after),
    );
  }

  /**
   * A page of a podcast's episodes, in the order of `list`.
   * @throws DomainError `podcast_not_found` (404), `invalid_cursor` (400)
   */
  async listOfPodcast(podcastId: string, request: PageRequest): Promise<Page<EpisodeSummaryRow>> {
    await this.requirePodcast(podcastId);
    return this.pageOfPodcast(podcastId, request);
  }

  /** One episode, archived or not. @throws DomainError `episode_not_found` (404). */
  async get(id: string): Promise<EpisodeRow> {
    const row = await findEpisode(this.db.current.sql, this.db.current.tenantId, id);
    if (row === undefined) throw episodeNotFound();
    return row;
  }

  /**
   * Changes what is given. Sizes and lengths that are given here are kept by later feed imports; null gives them back to
   * the feed. `archived` leaves the episode out of lists, or brings it back.
   * @throws DomainError `episode_not_found` (404), `invalid_input` (400, field `enclosureUrl`)
   */
  async update(
    id: string,
    { archived, ...request }: EpisodeRequest & { archived?: boolean | undefined },
  ): Promise<EpisodeRow> {
    const { archivedAt, guid, podcastId } = await this.get(id);
    const moment = archived === undefined ? undefined : archived ? (archivedAt ?? new Date()) : null;
    const { sql, tenantId } = this.db.current;
    const change = { ...this.completed(request, guid), archivedAt: moment };
    const row = await updateEpisode(sql, tenantId, id, change);
    if (row === undefined) throw episodeNotFound();
    if (change.mediaKey !== undefined) {
      await registerHosts(this.db.current, podcastId, mediaHosts([change.mediaKey]));
      await announceFiles(this.db.current);
    }
    if (change.publishedAt !== undefined) await announceDates(this.db.current);
    await moveWatermark(sql, tenantId);
    return row;
  }

  /** Leaves the episode out of lists from now on; its numbers stay. @throws DomainError `episode_not_found` (404). */
  async archive(id: string): Promise<void> {
    await this.update(id, { archived: true });
  }

  private pageOfPodcast(podcastId: string, request: PageRequest): Promise<Page<EpisodeSummaryRow>> {
    const { sql, tenantId } = this.db.current;
    const list = `episodes of ${podcastId.toLowerCase()}`;
    return readPage(this.cursors, tenantId, list, request, (count, after) =>
      listEpisodesOfPodcast(sql, tenantId, podcastId, count, after),
    );
  }

  private async requirePodcast(podcastId: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    if ((await findPodcast(sql, tenantId, podcastId)) === undefined) throw podcastNotFound();
  }

  /** Adds what follows from a request: the file's address and key, and who said how large and how long it is. */
  private completed(request: EpisodeRequest, guid: string): EpisodeFields {
    return {
      ...request,
      ...enclosureOf(request.enclosureUrl, guid, this.ownHosts),
      mediaBytesSource: sourceOf(request.mediaBytes),
      headerBytesSource: sourceOf(request.headerBytes),
      durationSource: sourceOf(request.durationSeconds),
    };
  }
}

function enclosureOf(
  written: string | null | undefined,
  guid: string,
  ownHosts: ReadonlySet<string>,
): Pick<EpisodeFields, 'enclosureUrl' | 'mediaKey'> {
  if (written === undefined) return {};
  if (written === null) return { enclosureUrl: null, mediaKey: '' };
  const url = resolveFeedUrl(written, null);
  const key = url && mediaKey(url, ownHosts);
  if (url === null || key === null || !fitsIdentity(guid, key)) throw enclosureInvalid();
  return { enclosureUrl: url.href, mediaKey: key };
}

function sourceOf(value: number | null | undefined): 'api' | null | undefined {
  return value === undefined || value === null ? value : 'api';
}
