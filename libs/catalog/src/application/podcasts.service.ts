import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { moveWatermark } from '@lib/time-series';
import { feedUrlInvalid, podcastNotFound, searchHasNoPages } from '../domain/catalog.errors.js';
import { feedAddress } from '../domain/feed-address.js';
import {
  findPodcast,
  insertPodcast,
  listPodcasts,
  searchPodcasts,
  updatePodcast,
  type PodcastFields,
  type PodcastRow,
} from '../infrastructure/podcasts.sql.js';
import { insertHandle } from '../infrastructure/redirect-handles.sql.js';
import { randomHandle } from './random-handle.js';
import { requirePodcastRoom } from './require-podcast-room.js';

/** Podcasts of the current tenant. Every method needs an open `TenantDb.run`. */
@Injectable()
export class PodcastsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** Adds a podcast. @throws DomainError `invalid_input` (400, field `feedUrl`), `podcast_quota_reached` (409). */
  async create(podcast: PodcastFields & { title: string }): Promise<PodcastRow> {
    const { sql, tenantId } = this.db.current;
    const stored = withStoredAddress(podcast);
    await requirePodcastRoom(this.db.current);
    const row = await insertPodcast(sql, tenantId, randomUUID(), stored);
    await insertHandle(sql, tenantId, row.id, randomHandle());
    return row;
  }

  /** A page, newest first; with `search` the best matches. @throws DomainError `invalid_cursor` (400). */
  async list(request: PageRequest & { search?: string | undefined }): Promise<Page<PodcastRow>> {
    const { sql, tenantId } = this.db.current;
    const { search, cursor, limit } = request;
    if (search === undefined) {
      return readPage(this.cursors, tenantId, 'podcasts', request, (count, after) =>
        listPodcasts(sql, tenantId, count, after),
      );
    }
    if (cursor !== undefined) throw searchHasNoPages();
    return { items: await searchPodcasts(sql, tenantId, search, limit), next: null };
  }

  /** One podcast, archived or not. @throws DomainError `podcast_not_found` (404). */
  async get(id: string): Promise<PodcastRow> {
    const row = await findPodcast(this.db.current.sql, this.db.current.tenantId, id);
    if (row === undefined) throw podcastNotFound();
    return row;
  }

  /**
   * Changes what is given. `archived` leaves the podcast out of lists, or brings it back.
   * @throws DomainError `podcast_not_found` (404), `invalid_input` (400, field `feedUrl`), `podcast_quota_reached` (409)
   */
  async update(
    id: string,
    { archived, ...change }: PodcastFields & { archived?: boolean | undefined },
  ): Promise<PodcastRow> {
    const { archivedAt } = await this.get(id);
    const moment = archived === undefined ? undefined : archived ? (archivedAt ?? new Date()) : null;
    const { sql, tenantId } = this.db.current;
    if (moment === null && archivedAt !== null) await requirePodcastRoom(this.db.current);
    const row = await updatePodcast(sql, tenantId, id, { ...withStoredAddress(change), archivedAt: moment });
    if (row === undefined) throw podcastNotFound();
    await moveWatermark(sql, tenantId);
    return row;
  }

  /** Leaves the podcast out of lists from now on; its numbers stay. @throws DomainError `podcast_not_found` (404). */
  async archive(id: string): Promise<void> {
    await this.update(id, { archived: true });
  }
}

/** An import finds a podcast by the stored form of its address. */
function withStoredAddress(fields: PodcastFields): PodcastFields {
  if (!fields.feedUrl) return fields;
  const feedUrl = feedAddress(fields.feedUrl);
  if (feedUrl === null) throw feedUrlInvalid();
  return { ...fields, feedUrl };
}
