import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, withinTime } from '@lib/primitives';
import type { Logger } from 'pino';
import { writeReceipt, type Receipt } from '../../domain/receipt.js';
import { EventStore, isRejection } from '../commit-events.js';
import { GroupCommit } from '../group-commit.js';
import { countUnrecorded, DrainSpool } from '../spool/drain-spool.js';
import { Spool } from '../spool/spool.js';
import type { SpoolRefused } from '../spool/spool.errors.js';
import { DownloadRequests } from './download-requests.js';
import { EpisodeFiles } from './episode-files.js';
import { replayReceipts } from './replay-receipts.js';

/** How long the database may take before a receipt is written to the spool. Its commit may still succeed. */
const PROMPT_MS = 150;
/** How long a receipt is tried to be committed at all, in case the spool does not take it either. */
const COMMIT_MS = 2_000;
const REPLAY_MS = 15_000;
/** Nobody waits for the commit: fewer and larger ones leave more of the processor to the answers. */
const COLLECT_MS = 25;
const SPOOL_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Keeps receipts: in the database, or on the local disk until the database takes them. What neither takes is counted.
 * Their identity came with them, so that nothing is stored twice.
 */
@Injectable()
export class ReceiptRecorder {
  private readonly requests: DownloadRequests;
  private readonly spool: Spool;
  private readonly drain: DrainSpool;

  constructor(settings: Settings, @Inject(APP_POOL) pool: RolePool, @Inject(LOGGER) logger: Logger) {
    const store = new EventStore(pool);
    const episodes = new EpisodeFiles(pool);
    const requests = (deadlineMs: number) => {
      const { ingestQueueEvents: queueEvents, ingestQueueBytes: queueBytes } = settings;
      const commits = new GroupCommit(store, { queueEvents, queueBytes, deadlineMs, collectMs: COLLECT_MS });
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

  /** Ends in order. Runs before the pools close. */
  async close(): Promise<void> {
    await this.drain.stop();
    await this.spool.close();
  }

  private async spoolUnless(stored: Promise<boolean>, receipt: Receipt): Promise<void> {
    try {
      await this.spool.append(writeReceipt(receipt));
    } catch (refused) {
      if (!(await stored)) countUnrecorded(`spool_${(refused as SpoolRefused).reason}`);
    }
  }

  /** Whether the receipt needs no further care. */
  private async store(receipt: Receipt): Promise<boolean> {
    try {
      const since = Date.parse(receipt.occurredAt);
      const [outcome] = await this.requests.store(receipt.tenantId, [receipt], since);
      if (isRejection(outcome)) countUnrecorded('refused');
      return outcome !== 'retry';
    } catch {
      return false;
    }
  }
}

function late(): Error {
  return new Error('the database took too long');
}
