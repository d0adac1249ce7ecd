import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import {
  handleTaken,
  hostInvalid,
  hostNotFound,
  podcastNotFound,
  prefixNotFound,
} from '../domain/catalog.errors.js';
import { mediaHosts } from '../domain/media-hosts.js';
import {
  deleteHost,
  insertManualHost,
  listHosts,
  type PodcastHostRow,
} from '../infrastructure/podcast-hosts.sql.js';
import { findPodcast } from '../infrastructure/podcasts.sql.js';
import { insertHandle, listHandles, renewHandle } from '../infrastructure/redirect-handles.sql.js';
import { randomHandle } from './random-handle.js';

/** The prefix that a podcast's enclosures carry. */
export interface RedirectPrefix {
  /** To be put in front of each enclosure's address, its scheme included or not. */
  prefix: string;
  handle: string;
  /** Handles that the podcast had before: they go on leading to it, because old feeds are kept for years. */
  formerHandles: string[];
}

/** The redirect of each podcast of the current tenant: its prefix, and where it may lead. Needs an open `TenantDb.run`. */
@Injectable()
export class RedirectPrefixService {
  constructor(
    private readonly db: TenantDb,
    private readonly settings: Settings,
  ) {}

  /**
   * The prefix in use.
   * @param origin scheme and host under which the caller reached us; used where `TRACKING_HOSTS` names none
   * @throws DomainError `podcast_not_found`, `prefix_not_found` (404)
   */
  async get(podcastId: string, origin: string): Promise<RedirectPrefix> {
    const { sql, tenantId } = this.db.current;
    await this.requirePodcast(podcastId);
    const [handle, ...formerHandles] = await listHandles(sql, tenantId, podcastId);
    if (handle === undefined) throw prefixNotFound();
    return { prefix: `${this.origin(origin)}/r/${handle}/`, handle, formerHandles };
  }

  /**
   * Gives the podcast this handle, or a random one. Former ones stay valid.
   * @throws DomainError `podcast_not_found` (404), `handle_taken` (409), the same whoever has it
   */
  async put(podcastId: string, handle: string | undefined, origin: string): Promise<RedirectPrefix> {
    const { sql, tenantId } = this.db.current;
    await this.requirePodcast(podcastId);
    const wanted = handle ?? randomHandle();
    const given =
      (await insertHandle(sql, tenantId, podcastId, wanted)) ||
      (await renewHandle(sql, tenantId, podcastId, wanted));
    if (!given) throw handleTaken();
    return this.get(podcastId, origin);
  }

  /** Where the podcast's redirect may lead. @throws DomainError `podcast_not_found` (404) */
  async listHosts(podcastId: string): Promise<PodcastHostRow[]> {
    await this.requirePodcast(podcastId);
    return listHosts(this.db.current.sql, this.db.current.tenantId, podcastId);
  }

  /**
   * Lets the redirect lead to a host that no enclosure has.
   * @param host in lower case, with a port that is not the scheme's own
   * @throws DomainError `podcast_not_found` (404), `invalid_input` (400, field `host`) for prefixes and for ourselves
   */
  async addHost(podcastId: string, host: string): Promise<PodcastHostRow> {
    await this.requirePodcast(podcastId);
    const own = this.settings.trackingHosts.some((name) => host.split(':')[0] === name);
    if (own || mediaHosts([`${host}/`]).length === 0) throw hostInvalid();
    return insertManualHost(this.db.current.sql, this.db.current.tenantId, podcastId, host);
  }

  /**
   * Ends that. A host that enclosures have comes back with the next import.
   * @throws DomainError `podcast_not_found`, `host_not_found` (404)
   */
  async removeHost(podcastId: string, host: string): Promise<void> {
    await this.requirePodcast(podcastId);
    const { sql, tenantId } = this.db.current;
    if (!(await deleteHost(sql, tenantId, podcastId, host.toLowerCase()))) throw hostNotFound();
  }

  private origin(reached: string): string {
    const [host] = this.settings.trackingHosts;
    return host === undefined ? reached : `https://${host}`;
  }

  private async requirePodcast(podcastId: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    if ((await findPodcast(sql, tenantId, podcastId)) === undefined) throw podcastNotFound();
  }
}
