import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, withinTime } from '@lib/primitives';
import type { Logger } from 'pino';
import type { KnownNetwork } from '../../domain/known-network.js';
import { NO_LISTENER } from '../../domain/listener-ids.js';
import { writeReceipt, type PublicKind, type Receipt } from '../../domain/receipt.js';
import { EventStore, isRejection } from '../commit-events.js';
import { GroupCommit } from '../group-commit.js';
import { ListenerIdentifier } from '../identify-listener.js';
import { KnownTexts } from '../known-texts.js';
import { NetworkReader, type NetworkOf } from '../network-reader.js';
import type { DayKeys } from '../listener-keys.js';
import { countUnrecorded, DrainSpool } from '../spool/drain-spool.js';
import { Spool } from '../spool/spool.js';
import type { SpoolRefused } from '../spool/spool.errors.js';
import { EdgeKeys } from './edge-keys.js';
import { EpisodeFiles } from './episode-files.js';
import { PublicDirectory, type Place } from './public-directory.js';
import { replayReceipts } from './replay-receipts.js';
import { DownloadRequests } from './download-requests.js';

/** A request to a public address, as the connection tells it. */
export interface TrackedRequest {
  readonly mediaKey: string;
  readonly method: string;
  readonly address: string;
  readonly userAgent: string | undefined;
  readonly referrer: string | undefined;
  readonly range: string | undefined;
  readonly sessionId: string | undefined;
}

/** How long the database may take before a request is written to the spool. Its commit may still succeed. */
const PROMPT_MS = 150;
/** How long a request is tried to be committed at all, in case the spool does not take it either. */
const COMMIT_MS = 2_000;
const REPLAY_MS = 15_000;
const SPOOL_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Records requests to public addresses, after they were answered: in the database, or on the local disk until the
 * database takes them. What neither takes is counted. The identity is made at receipt, so that nothing is stored twice.
 */
@Injectable()
export class TrackingReceiver implements OnApplicationShutdown {
  private readonly identifier = new ListenerIdentifier();
  private readonly texts = new KnownTexts();
  private readonly requests: DownloadRequests;
  private readonly spool: Spool;
  private readonly drain: DrainSpool;
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    settings: Settings,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly directory: PublicDirectory,
    private readonly keys: EdgeKeys,
    private readonly networks: NetworkReader,
  ) {
    const store = new EventStore(pool);
    const episodes = new EpisodeFiles(pool);
    const requests = (deadlineMs: number) => {
      const { ingestQueueEvents: queueEvents, ingestQueueBytes: queueBytes } = settings;
      const commits = new GroupCommit(store, { queueEvents, queueBytes, deadlineMs });
      return new DownloadRequests(commits, episodes, settings.ingestAcceptanceDays);
    };
    this.requests = requests(COMMIT_MS);
    const replayed = requests(REPLAY_MS);
    this.spool = new Spool(settings.spoolDir, {
      maxBytes: settings.spoolMaxBytes,
      fileBytes: SPOOL_FILE_BYTES,
    });
    this.drain = new DrainSpool(this.spool, (lines) => replayReceipts(replayed, lines), {
      maxAgeMs: settings.ingestAcceptanceDays * DAY_MS,
      logger,
    });
  }

  /** Takes a request to a handle that is known. Never throws, and never makes the caller wait. */
  receive(kind: PublicKind, handle: string, request: TrackedRequest): void {
    const at = new Date();
    const place = this.directory.find(kind, handle);
    if (place?.active !== true) return;
    const recording = this.record(place, request, at)
      .catch((error: unknown) => {
        this.logger.error({ err: error }, 'a request to a public address was not recorded');
        countUnrecorded('refused');
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
    await this.drain.stop();
    await this.spool.close();
  }

  private async record(place: Place, request: TrackedRequest, at: Date): Promise<void> {
    const [keys, networkOf] = await Promise.all([this.keysAt(place, at), this.networksOf(place)]);
    const network = networkOf?.(request.address, at.getTime()) ?? null;
    const receipt = this.toReceipt(place, request, at, keys, network);
    // Without keys the database is away: a commit would only take longer.
    const stored = keys === undefined ? Promise.resolve(false) : this.store(receipt, at);
    if (await withinTime(stored, PROMPT_MS, late).catch(() => false)) return;
    try {
      await this.spool.append(writeReceipt(receipt));
    } catch (refused) {
      if (!(await stored)) countUnrecorded(`spool_${(refused as SpoolRefused).reason}`);
    }
  }

  private async keysAt({ tenantId }: Place, at: Date): Promise<DayKeys | undefined> {
    const held = this.keys.find(tenantId, at);
    if (held !== undefined) return held;
    return withinTime(this.keys.load(tenantId, at), PROMPT_MS, late).catch(() => undefined);
  }

  private networksOf({ tenantId }: Place): Promise<NetworkOf | undefined> {
    return withinTime(this.networks.forTenant(tenantId), PROMPT_MS, late).catch(() => undefined);
  }

  /** Whether the request needs no further care. */
  private async store(receipt: Receipt, at: Date): Promise<boolean> {
    try {
      const [outcome] = await this.requests.store(receipt.tenantId, [receipt], at.getTime());
      if (isRejection(outcome)) countUnrecorded('refused');
      return outcome !== 'retry';
    } catch {
      return false;
    }
  }

  private toReceipt(
    place: Place,
    request: TrackedRequest,
    at: Date,
    keys: DayKeys | undefined,
    network: KnownNetwork | null,
  ): Receipt {
    const userAgent = this.texts.userAgent(request.userAgent)?.value ?? null;
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
      sessionId: request.sessionId?.slice(0, 64) ?? null,
      network,
      ids:
        keys === undefined ? NO_LISTENER : this.identifier.identify(keys, request.address, userAgent ?? ''),
    };
  }
}

function late(): Error {
  return new Error('the database took too long');
}
