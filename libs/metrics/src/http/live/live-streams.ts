import { once } from 'node:events';
import { Inject, Injectable, Optional, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '@lib/config';
import {
  AUTHENTICATOR,
  retryDelay,
  stillAllowed,
  type Authenticator,
  type AuthenticatedRequest,
} from '@lib/http';
import { DomainError, HOUR_MS } from '@lib/primitives';
import { LiveFeeds } from '../../application/live/live-feeds.js';
import { LiveStream } from './live-stream.js';

/** After so many milliseconds a client has to ask again: an hour, unless something else is provided. */
export const LONGEST_STREAM_MS = Symbol('LONGEST_STREAM_MS');

/** The open streams of this process: keeps each alive, and ends it in time. */
@Injectable()
export class LiveStreams implements OnModuleDestroy {
  private readonly open = new Set<LiveStream>();
  private isEnding = false;

  constructor(
    private readonly feeds: LiveFeeds,
    private readonly settings: Settings,
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Optional() @Inject(LONGEST_STREAM_MS) private readonly longestMs: number = HOUR_MS,
  ) {}

  /**
   * Opens a stream for a request that was let in. It ends when the client goes, when its key no longer allows it, after an
   * hour, or when the process ends.
   * @throws DomainError `too_many_streams` (429), `unavailable` (503) while the process ends
   */
  async start(
    tenantId: string,
    request: AuthenticatedRequest,
    { podcastId, lastId }: { podcastId: string | null; lastId: string | undefined },
  ): Promise<LiveStream> {
    const stream = new LiveStream(podcastId, lastId);
    await this.feeds.add(tenantId, stream);
    if (this.isEnding) {
      this.feeds.remove(tenantId, stream);
      throw new DomainError('unavailable', 503, 'This process is ending.', {
        retryAfterSeconds: retryDelay(),
      });
    }
    this.open.add(stream);
    const endsAt = performance.now() + this.longestMs;
    const timer = setInterval(() => void this.attend(stream, request, endsAt), this.settings.liveHeartbeatMs);
    timer.unref();
    stream.once('close', () => {
      clearInterval(timer);
      this.open.delete(stream);
      this.feeds.remove(tenantId, stream);
    });
    return stream;
  }

  /** Before the server waits for its connections: an open stream would keep it waiting for an hour. */
  async onModuleDestroy(): Promise<void> {
    this.isEnding = true;
    await Promise.all(
      [...this.open].map((stream) => {
        const closed = once(stream, 'close');
        stream.finish();
        return closed;
      }),
    );
  }

  private async attend(stream: LiveStream, request: AuthenticatedRequest, endsAt: number): Promise<void> {
    // While nobody can tell, nothing new can be read either.
    const allowed = await stillAllowed(this.authenticator, request, 'read').catch(() => true);
    if (allowed && performance.now() < endsAt) stream.beat();
    else stream.finish();
  }
}
