import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@lib/observability';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { FeedPoller } from './feed-poller.js';
import { FeedReader } from './feed-reader.js';
import { PollFeeds } from './poll-feeds.js';

type Page = (request: IncomingMessage, response: ServerResponse) => void;

/** What is stored of a podcast's feed. */
export interface StoredFeed {
  title: string;
  url: string;
  etag: string | null;
  checkedAt: Date | null;
  /** Seconds until the next poll. */
  wait: number;
  failures: number;
  error: string | null;
  updatedAt: Date;
}

/** What is stored of an episode, and of an annotation. */
export interface StoredEpisode {
  id: string;
  guid: string;
  enclosureUrl: string;
  updatedAt: Date;
}
export interface StoredAnnotation {
  kind: string;
  episodeId: string | null;
  detail: Record<string, unknown>;
}

/** A database with tenants, and a web server on loopback that plays the hosts of their feeds. */
export class FeedWorld {
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  readonly pages = new Map<string, Page>();
  private readonly opened: TestConnections[] = [];
  private readonly servers: Server[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly overrides: Record<string, string>,
  ) {}

  /** @param overrides environment variables */
  static async open(overrides: Record<string, string> = {}): Promise<FeedWorld> {
    const world = new FeedWorld(await createTestDatabase(), {
      FEED_ALLOW_PRIVATE_ADDRESSES: 'true',
      FEED_HOST_GAP_MS: '0',
      ...overrides,
    });
    await world.openHost();
    return world;
  }

  /** The first host. */
  get origin(): string {
    return originOf(this.servers[0]);
  }

  /** Opens another host with the same pages. */
  async openHost(): Promise<string> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      this.asked.push(path);
      const page = this.pages.get(path);
      if (page) page(request, response);
      else response.writeHead(404).end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    this.servers.push(server);
    return originOf(server);
  }

  /** A worker's polling, with connections of its own. */
  poller(): PollFeeds {
    const connections = connectTestDatabase(this.database, this.overrides);
    this.opened.push(connections);
    const { settings, app } = connections;
    return new PollFeeds(pollerOf(connections), settings, app);
  }

  /** Polls single feeds. */
  feedPoller(): FeedPoller {
    return pollerOf(this.connections());
  }

  /** Connections of a process that does not poll. */
  connections(): TestConnections {
    const connections = connectTestDatabase(this.database, this.overrides);
    this.opened.push(connections);
    return connections;
  }

  /** A tenant's podcast whose feed has never been polled. */
  async addPodcast(
    path: string,
    tenantId?: string,
    origin = this.origin,
  ): Promise<{ tenantId: string; id: string }> {
    const owner = tenantId ?? (await createTestTenant(this.database, 'Tenant', 0)).tenantId;
    const id = randomUUID();
    await this.database.owner.query(
      'INSERT INTO podcasts (tenant_id, id, title, feed_url) VALUES ($1, $2, $3, $4)',
      [owner, id, 'Before its feed', `${origin}${path}`],
    );
    return { tenantId: owner, id };
  }

  /** Lets the time of the next poll come. */
  async makeDue(id: string): Promise<void> {
    await this.database.owner.query('UPDATE podcasts SET feed_next_check_at = now() WHERE id = $1', [id]);
  }

  async feed(id: string): Promise<StoredFeed> {
    const { rows } = await this.database.owner.query<StoredFeed>(
      `SELECT title, feed_url AS url, feed_etag AS etag, feed_checked_at AS "checkedAt", feed_failures AS failures,
              extract(epoch FROM nullif(feed_next_check_at, 'infinity') - now())::float8 AS wait,
              feed_error AS error, updated_at AS "updatedAt"
       FROM podcasts WHERE id = $1`,
      [id],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('there is no such podcast');
    return row;
  }

  async episodes(id: string): Promise<StoredEpisode[]> {
    const { rows } = await this.database.owner.query<StoredEpisode>(
      `SELECT id, guid, enclosure_url AS "enclosureUrl", updated_at AS "updatedAt" FROM episodes
       WHERE podcast_id = $1 ORDER BY guid`,
      [id],
    );
    return rows;
  }

  async annotations(id: string): Promise<StoredAnnotation[]> {
    const { rows } = await this.database.owner.query<StoredAnnotation>(
      'SELECT kind, episode_id AS "episodeId", detail FROM annotations WHERE podcast_id = $1 ORDER BY happened_at, kind',
      [id],
    );
    return rows;
  }

  async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
    for (const connections of this.opened) await connections.close();
    await this.database.drop();
  }
}

function pollerOf({ db, settings }: TestConnections): FeedPoller {
  return new FeedPoller(db, new FeedReader(settings), settings, createLogger('silent'));
}

function originOf(server: Server | undefined): string {
  return `http://127.0.0.1:${(server?.address() as AddressInfo).port}`;
}

/** A feed. `channel` is further XML of the channel. */
export function feedOf(files: Record<string, string>, channel = ''): string {
  const items = Object.entries(files).map(
    ([guid, url]) =>
      `<item><title>Item ${guid}</title><guid>${guid}</guid>
       <enclosure url="${url.replaceAll('&', '&amp;')}" length="1000" type="audio/mpeg"/></item>`,
  );
  return `<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
    <title>Tidewater</title><link>https://tidewater.example/</link>${channel}${items.join('\n')}</channel></rss>`;
}

/** Answers with a document. */
export function serve(body: string | Buffer, headers: Record<string, string> = {}): Page {
  return (_, response) => response.writeHead(200, { 'content-type': 'text/xml', ...headers }).end(body);
}

/** Sends the client elsewhere. */
export function redirect(status: number, location: string): Page {
  return (_, response) => response.writeHead(status, { location }).end();
}
