import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, withinTime } from '@lib/primitives';
import type { Logger } from 'pino';
import { readReceipt, writeReceipt, type Receipt } from '../../domain/receipt.js';
import { unrecordedRequest, type UnrecordedRequest } from '../../domain/unrecorded-request.js';
import { EventStore, isRejection } from '../commit-events.js';
import { GroupCommit } from '../group-commit.js';
import { DrainSpool } from '../spool/drain-spool.js';
import { Spool } from '../spool/spool.js';
import type { SpoolRefused } from '../spool/spool.errors.js';
import { DownloadRequests } from './download-requests.js';
import { EpisodeFiles } from './episode-files.js';
import { LastTries } from './last-tries.js';
import { replayReceipts } from './replay-receipts.js';
import { UnrecordedRequests } from './unrecorded-requests.js';

/** How long the database may take before a receipt is written to the spool. Its commit may still succeed. */
const PROMPT_MS = 150;
/** How long a receipt is tried to be committed while it is, or is being, spooled. */
const COMMIT_MS = 2_000;
const REPLAY_MS = 15_000;
/** Nobody waits for the commit: fewer and larger ones leave more of the processor to the answers. */
const COLLECT_MS = 25;
const SPOOL_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Keeps receipts: in the database, or on the local disk until the database takes them. What neither takes is counted,
 * for its tenant. Their identity came with them, so that nothing is stored twice.
 */
@Injectable()
export class ReceiptRecorder {
  private readonly requests: DownloadRequests;
  private readonly spool: Spool;
  private readonly drain: DrainSpool;
  private readonly unrecorded: UnrecordedRequests;
  private readonly lastTries: LastTries;

  constructor(settings: Settings, @Inject(APP_POOL) pool: RolePool, @Inject(LOGGER) logger: Logger) {
    const store = new EventStore(pool);
    const episodes = new EpisodeFiles(pool);
    const requests = (deadlineMs: number, locateMs: number) => {
      const { ingestQueueEvents: queueEvents, ingestQueueBytes: queueBytes } = settings;
      const commits = new GroupCommit(store, { queueEvents, queueBytes, deadlineMs, collectMs: COLLECT_MS });
      return new DownloadRequests(commits, episodes, {
        acceptanceDays: settings.ingestAcceptanceDays,
        locateMs,
      });
    };
    this.requests = requests(COMMIT_MS, COMMIT_MS);
    const replayed = requests(REPLAY_MS, 0); // a replay that fails is soon repeated
    this.spool = new Spool(settings.spoolDir, {
      maxBytes: settings.spoolMaxBytes,
      fileBytes: SPOOL_FILE_BYTES,
    });
    this.unrecorded = new UnrecordedRequests(pool, logger);
    this.lastTries = new LastTries(pool, (receipt, since) => this.store(receipt, since));
    const replay = {
      store: (lines: readonly string[]) => replayReceipts(replayed, lines),
      expire: (lines: readonly string[]) =>
        lines.map((line) => unrecordedRequest(readReceipt(line), 'too_old')),
      count: (request: UnrecordedRequest) => this.unrecorded.count(request),
    };
    this.drain = new DrainSpool(this.spool, replay, {
      maxAgeMs: settings.ingestAcceptanceDays * DAY_MS,
      logger,
    });
  }

  /** Commits the receipt, or spools it when that takes too long. Resolves when it is kept, or counted as lost. */
  async record(receipt: Receipt): Promise<void> {
    const stored = this.store(receipt);
    if (await withinTime(stored, PROMPT_MS, late).catch(() => false)) return;
    await this.spoolUnless(stored, receipt);
  }

  /** Spools the receipt at once: the database is known to be away. */
  async spoolOnly(receipt: Receipt): Promise<void> {
    await this.spoolUnless(Promise.resolve(false), receipt);
  }

  /** Counts a request that no receipt can be made of. */
  refuse(request: Pick<Receipt, 'tenantId' | 'targetId' | 'occurredAt'>): void {
    this.unrecorded.count(unrecordedRequest(request, 'refused'));
  }

  /** Ends in order. Runs before the pools close. */
  async close(): Promise<void> {
    await this.drain.stop();
    await this.spool.close();
    await this.unrecorded.stop();
  }

  private async spoolUnless(stored: Promise<boolean>, receipt: Receipt): Promise<void> {
    try {
      await this.spool.append(writeReceipt(receipt));
    } catch (refused) {
      const reason = `spool_${(refused as SpoolRefused).reason}` as const;
      if (!(await stored) && !(await this.lastTries.keep(receipt)))
        this.unrecorded.count(unrecordedRequest(receipt, reason));
    }
  }

  /** Whether the receipt needs no further care. */
  private async store(receipt: Receipt, since = Date.parse(receipt.occurredAt)): Promise<boolean> {
    try {
      const [outcome] = await this.requests.store(receipt.tenantId, [receipt], since);
      if (isRejection(outcome)) this.unrecorded.count(unrecordedRequest(receipt, 'refused'));
      return outcome !== 'retry';
    } catch {
      return false;
    }
  }
}

function late(): Error {
  return new Error('the database took too long');
}
