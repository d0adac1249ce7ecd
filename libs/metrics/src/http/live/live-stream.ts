import { Readable } from 'node:stream';
import type { LiveListener } from '../../application/live/live-feed.js';
import type { LiveSnapshot } from '../../application/live/live-totals.js';
import { totalsEvent } from './totals-event.js';

/** Milliseconds after which a client that lost its stream may ask for it again. */
const RETRY_MS = 2_000;

/** How long the last bytes of a stream that ends may take to be fetched. */
const GRACE_MS = 1_000;

/**
 * One client's stream of server-sent events. It hands out only what the client takes, and of snapshots only the newest: a
 * slow client skips some, and never makes the process keep more than one for it.
 */
export class LiveStream extends Readable implements LiveListener {
  private waiting: LiveSnapshot | undefined;
  private comment: string | undefined = `retry: ${RETRY_MS}\n\n`;
  private isWanted = false;
  private isOver = false;

  /**
   * @param podcastId the only podcast that is shown; null is all
   * @param lastId of the snapshot that the client has
   */
  constructor(
    private readonly podcastId: string | null,
    private lastId: string | undefined,
  ) {
    // Nothing is read ahead of the client.
    super({ highWaterMark: 0 });
  }

  offer(snapshot: LiveSnapshot): void {
    if (snapshot.id === this.lastId) return;
    this.lastId = snapshot.id;
    this.waiting = snapshot;
    this.hand();
  }

  /** A sign of life. Whoever has not fetched what is waiting gets none. */
  beat(): void {
    this.comment ??= ':\n\n';
    this.hand();
  }

  /** Ends the stream; the client may come back. */
  finish(): void {
    if (this.isOver || this.destroyed) return;
    this.isOver = true;
    this.push(null);
    setTimeout(() => this.destroy(), GRACE_MS).unref();
  }

  override _read(): void {
    this.isWanted = true;
    this.hand();
  }

  private hand(): void {
    if (!this.isWanted || this.isOver) return;
    const text = (this.comment ?? '') + (this.waiting ? totalsEvent(this.waiting, this.podcastId) : '');
    if (text === '') return;
    [this.isWanted, this.comment, this.waiting] = [false, undefined, undefined];
    this.push(text);
  }
}
