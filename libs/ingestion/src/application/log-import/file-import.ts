import type { RolePool } from '@lib/database';
import { DAY_MS, HOUR_MS, MINUTE_MS, utcDate, type TenantId } from '@lib/primitives';
import { addTally, type LineTally } from '../../domain/access-log/line-tally.js';
import { mediaKeyOf, type EpisodeLocator, type LogHosts } from '../../domain/access-log/locate-episodes.js';
import { loggedEvent } from '../../domain/access-log/logged-event.js';
import type { StorableEvent } from '../../domain/storable-event.js';
import { addDuplicateDeliveries } from '../../infrastructure/duplicate-deliveries.sql.js';
import { advanceImportFile } from '../../infrastructure/import-files.sql.js';
import { identityKey } from '../../infrastructure/insert-events.sql.js';
import type { FileLine } from '../../infrastructure/read-log-lines.js';
import { rekeyEvents } from '../../infrastructure/rekey-events.sql.js';
import type { EventStore, Outcome } from '../commit-events.js';
import type { ReadClient } from '../client-reader.js';
import type { KnownTexts } from '../known-texts.js';
import type { DayKeys, ListenerKeys } from '../listener-keys.js';
import type { ImportDays, StartedFile } from './import-days.js';
import { LogBatch } from './log-batch.js';
import { dayNotPrepared, importDayClosed, importRunning } from './log-import.errors.js';
import type { IdentifiedRequest, LogReader } from './log-reader.js';
import { NO_PARTITION, sqlState } from './sql-state.js';

/** Lines that are stored in one transaction, together with how far the file is. */
const BATCH_LINES = 2_000;
/** How long keys are used before they are asked for again: others may destroy them. */
const KEYS_FRESH_MS = 5 * MINUTE_MS;

/** A log does not say what anybody consented to. */
const NO_SIGNALS = {};

/** What importing a file needs of the application. */
export interface FileImportTools {
  readonly pool: RolePool;
  readonly store: EventStore;
  readonly keys: ListenerKeys;
  readonly texts: KnownTexts;
}

/** A file whose import has begun, and how to read it. */
export interface FileToImport {
  readonly tenantId: TenantId;
  readonly file: StartedFile;
  readonly days: ImportDays;
  readonly reader: LogReader;
  readonly hosts: LogHosts;
  readonly locate: EpisodeLocator;
  /** What may be kept of the file's clients, by the lists and settings in force now. */
  readonly readClient: ReadClient;
  /** How far an attempt before this one has stored it. */
  readonly stored: LineTally;
}

/** Under which import and keys the requests of one UTC day are hashed. */
interface OpenDay {
  readonly importId: string;
  readonly keys: DayKeys;
  readonly openedAtMs: number;
}

/**
 * Stores the lines of one file, batch by batch. While one batch is on its way to the database the next one is read, and
 * no third is begun: memory stays what it is however long the file is.
 */
export class FileImport {
  /** By the number of the UTC day. */
  private readonly openDays = new Map<number, OpenDay>();
  private readonly resumedFrom: number;
  private batch = new LogBatch();
  private committing: Promise<void> = Promise.resolve();
  private stored: LineTally;
  private lineNumber = 0;
  private keysKeptAtMs = Date.now();

  constructor(
    private readonly tools: FileImportTools,
    private readonly work: FileToImport,
  ) {
    this.stored = work.stored;
    this.resumedFrom = work.stored.lines;
  }

  /** What is stored. */
  get tally(): LineTally {
    return this.stored;
  }

  /** Takes in the next lines of the file. Lines that an attempt before this one has stored are only read. */
  async add(lines: readonly FileLine[]): Promise<void> {
    for (const { text, endByte } of lines) {
      const read = this.work.reader.read(text);
      this.lineNumber += 1;
      if (this.lineNumber <= this.resumedFrom) continue;
      if (read === null || typeof read === 'string') this.batch.add(read, this.lineNumber, endByte);
      else this.batch.add(await this.rowOf(read), this.lineNumber, endByte);
      if (this.batch.size >= BATCH_LINES) await this.flush(false);
    }
  }

  /**
   * Stores what is left.
   * @param isWhole whether the file ended as a file does: then it is never looked at again
   */
  async finish(isWhole: boolean): Promise<void> {
    if (!isWhole && this.batch.size === 0) return this.committing;
    await this.flush(isWhole);
    await this.committing;
  }

  /** Waits for what is on its way, whatever becomes of it: nothing may be written after the import is given up. */
  async settle(): Promise<void> {
    await this.committing.catch(() => undefined);
  }

  private async rowOf({ eventId, request }: IdentifiedRequest): Promise<StorableEvent> {
    const { importId, keys } = await this.dayOf(request.occurredAtMs);
    const { texts } = this.tools;
    const userAgent = texts.userAgent(request.userAgent ?? undefined);
    const { network, ids } = this.work.readClient(keys, {
      address: request.address ?? undefined,
      userAgent: userAgent?.value ?? '',
      atMs: request.occurredAtMs,
      signals: NO_SIGNALS,
    });
    return loggedEvent(request, {
      eventId,
      importId,
      located: this.work.locate(request),
      mediaKey: mediaKeyOf(request, this.work.hosts),
      userAgent,
      referrer: texts.referrer(request.referrer ?? undefined),
      ids,
      network,
    });
  }

  private async dayOf(atMs: number): Promise<OpenDay> {
    const day = Math.floor(atMs / DAY_MS);
    const open = this.openDays.get(day);
    if (open !== undefined && Date.now() < open.openedAtMs + KEYS_FRESH_MS) return open;
    const importId = await this.work.days.ownerOf(atMs);
    const keys = await this.tools.keys.forDay(this.work.tenantId, new Date(atMs), importId);
    if (keys.countToday === null) throw importDayClosed(utcDate(new Date(atMs)));
    const fresh = { importId, keys, openedAtMs: Date.now() };
    this.openDays.set(day, fresh);
    return fresh;
  }

  private async flush(isLast: boolean): Promise<void> {
    const batch = this.batch;
    this.batch = new LogBatch();
    const importId = await this.work.days.ownImport();
    await this.committing;
    await this.keepKeys();
    this.committing = this.commit(batch, importId, isLast).catch((error: unknown) => {
      throw sqlState(error) === NO_PARTITION ? dayNotPrepared() : error;
    });
    // Whoever waits for it is told of a failure; until then it is not unhandled.
    this.committing.catch(() => undefined);
  }

  private async commit(batch: LogBatch, importId: string, isLast: boolean): Promise<void> {
    const { tenantId, file } = this.work;
    let next = this.stored;
    await this.tools.store.commit(tenantId, batch.events, async (sql, outcomes) => {
      const again = file.replaces ? repeated(batch.events, outcomes) : [];
      const rekeyed = again.length === 0 ? new Set<string>() : await rekeyEvents(sql, tenantId, again);
      const { tally, dropped } = batch.settle(outcomes, rekeyed);
      next = addTally(this.stored, tally);
      await addDuplicateDeliveries(sql, tenantId, dropped);
      const place = { importId, sha256: file.sha256 };
      const isOurs = await advanceImportFile(sql, tenantId, place, this.stored.lines, next, isLast);
      if (!isOurs) throw importRunning();
      if (isLast) await this.work.days.close(sql);
    });
    this.stored = next;
  }

  /** An import that takes days must not lose its keys on the way. */
  private async keepKeys(): Promise<void> {
    if (Date.now() < this.keysKeptAtMs + HOUR_MS) return;
    this.keysKeptAtMs = Date.now();
    await this.work.days.keepKeys();
  }
}

/** The events that were stored before, each identity once. */
function repeated(events: readonly StorableEvent[], outcomes: readonly Outcome[]): StorableEvent[] {
  const byIdentity = new Map<string, StorableEvent>();
  for (const [index, event] of events.entries())
    if (outcomes[index] === 'duplicate') byIdentity.set(identityKey(event), event);
  return [...byIdentity.values()];
}
