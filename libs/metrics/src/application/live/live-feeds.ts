import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { LOGGER } from '@lib/observability';
import { DomainError } from '@lib/primitives';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { LiveFeed, type LiveListener } from './live-feed.js';
import { LiveTotals } from './live-totals.js';

const open = new Gauge({
  name: 'live_streams',
  help: 'Streams of live totals that are open in this process.',
});

const RETRY_SECONDS = 30;

/** The live numbers of every tenant that somebody listens to in this process. */
@Injectable()
export class LiveFeeds {
  private readonly feeds = new Map<string, LiveFeed>();

  constructor(
    private readonly totals: LiveTotals,
    private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Tells a listener the snapshot of now, if that is news to it, and every later one until it is removed.
   * @throws DomainError `too_many_streams` (429), or why there is no snapshot: then it does not listen
   */
  async add(tenantId: string, listener: LiveListener): Promise<void> {
    const feed = this.feeds.get(tenantId) ?? this.open(tenantId);
    if (feed.size >= this.settings.liveStreamsPerTenant)
      throw tooManyStreams(this.settings.liveStreamsPerTenant);
    feed.add(listener);
    open.inc();
    try {
      listener.offer(await feed.look());
    } catch (error) {
      this.remove(tenantId, listener);
      throw error;
    }
  }

  remove(tenantId: string, listener: LiveListener): void {
    const feed = this.feeds.get(tenantId);
    if (feed?.remove(listener) !== true) return;
    open.dec();
    if (feed.size === 0) this.feeds.delete(tenantId);
  }

  private open(tenantId: string): LiveFeed {
    const feed = new LiveFeed(
      (last) => this.totals.read(tenantId, last),
      (error) => this.logger.warn({ err: error, tenantId }, 'live totals could not be read'),
    );
    this.feeds.set(tenantId, feed);
    return feed;
  }
}

function tooManyStreams(limit: number): DomainError {
  return new DomainError(
    'too_many_streams',
    429,
    `This tenant has ${limit} streams open here already: close one, or let several viewers share a stream.`,
    { retryAfterSeconds: RETRY_SECONDS },
  );
}
