import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER } from '@lib/observability';
import { withinTime } from '@lib/primitives';
import type { Logger } from 'pino';
import { NO_LISTENER } from '../../domain/listener-ids.js';
import type { ConsentSignals } from '../../domain/privacy/read-consent.js';
import type { PublicKind, Receipt } from '../../domain/receipt.js';
import { ClientReader, type KnownClient, type ReadClient } from '../client-reader.js';
import { KnownTexts } from '../known-texts.js';
import type { DayKeys } from '../listener-keys.js';
import { EdgeKeys } from './edge-keys.js';
import { PublicDirectory, type Place } from './public-directory.js';
import { ReceiptRecorder } from './receipt-recorder.js';

/** A request to a public address, as the connection tells it. */
export interface TrackedRequest {
  readonly mediaKey: string;
  readonly method: string;
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly referrer: string | undefined;
  readonly range: string | undefined;
  readonly sessionId: string | undefined;
  readonly signals: ConsentSignals;
}

/** How long a request may hold its address in memory for keys and lists that are not there yet. */
const WAIT_MS = 150;

/**
 * Takes requests to public addresses, after they were answered, and makes receipts of them: identity, keyed hashes, and
 * what is known of the network. The address goes no further than here.
 */
@Injectable()
export class TrackingReceiver implements OnApplicationShutdown {
  private readonly texts = new KnownTexts();
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly directory: PublicDirectory,
    private readonly keys: EdgeKeys,
    private readonly clients: ClientReader,
    private readonly recorder: ReceiptRecorder,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Takes a request to a handle that is known. Never throws, and never makes the caller wait. */
  receive(kind: PublicKind, handle: string, request: TrackedRequest): void {
    const at = new Date();
    const place = this.directory.find(kind, handle);
    if (place?.active !== true) return;
    const recording = this.record(place, request, at)
      .catch((error: unknown) => {
        this.logger.error({ err: error }, 'a request to a public address was not recorded');
        this.recorder.refuse({ ...place, occurredAt: at.toISOString() });
      })
      .finally(() => this.underWay.delete(recording));
    this.underWay.add(recording);
  }

  /** Resolves when everything that was received is stored, spooled or counted as lost. */
  async settle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Runs before the pools close. */
  async onApplicationShutdown(): Promise<void> {
    await this.settle();
    await this.recorder.close();
  }

  private async record(place: Place, request: TrackedRequest, at: Date): Promise<void> {
    const [keys, readClient] = await Promise.all([this.keysAt(place, at), this.readerFor(place)]);
    const receipt = this.toReceipt(place, request, at, keys, readClient);
    // Without keys the database is away: a commit would only take longer.
    await (keys === undefined ? this.recorder.spoolOnly(receipt) : this.recorder.record(receipt));
  }

  private async keysAt({ tenantId }: Place, at: Date): Promise<DayKeys | undefined> {
    return this.keys.find(tenantId, at) ?? patiently(this.keys.load(tenantId, at));
  }

  /** Undefined when not even the tenant's privacy settings are known: then nobody is told from others. */
  private async readerFor({ tenantId }: Place): Promise<ReadClient | undefined> {
    const reader = await patiently(this.clients.forTenant(tenantId));
    return reader ?? patiently(this.clients.withoutNetworks(tenantId));
  }

  private toReceipt(
    place: Place,
    request: TrackedRequest,
    at: Date,
    keys: DayKeys | undefined,
    readClient: ReadClient | undefined,
  ): Receipt {
    const userAgent = this.texts.userAgent(request.userAgent)?.value ?? null;
    const { address, signals } = request;
    const client = { address, userAgent: userAgent ?? '', atMs: at.getTime(), signals };
    const { network, ids, isIdentifiable } = readClient?.(keys, client) ?? NOBODY;
    return {
      id: randomUUID(),
      occurredAt: at.toISOString(),
      tenantId: place.tenantId,
      kind: place.kind,
      targetId: place.targetId,
      mediaKey: request.mediaKey,
      method: request.method,
      userAgent,
      referrer: this.texts.referrer(request.referrer)?.value ?? null,
      range: request.range?.slice(0, 256) ?? null,
      sessionId: (isIdentifiable ? request.sessionId?.slice(0, 64) : undefined) ?? null,
      network,
      ids,
    };
  }
}

const NOBODY: KnownClient = { network: null, ids: NO_LISTENER, isIdentifiable: false };

function patiently<T>(work: Promise<T>): Promise<T | undefined> {
  return withinTime(work, WAIT_MS, () => new Error('late')).catch(() => undefined);
}
