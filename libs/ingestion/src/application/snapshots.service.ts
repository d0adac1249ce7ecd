import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DAY_MS, DomainError } from '@lib/primitives';
import { readDayRange } from '../domain/read-day-range.js';
import type { Snapshot, SnapshotNumber, SnapshotTotal } from '../domain/snapshot.js';
import { dayHorizon } from '../infrastructure/download-retention/day-horizon.sql.js';
import { podcastExists } from '../infrastructure/podcast-exists.sql.js';
import {
  copyNumbers,
  findSnapshot,
  insertSnapshot,
  listSnapshots,
  snapshotNumbers,
  snapshotTotals,
} from '../infrastructure/snapshots.sql.js';
import { hasUncountedRequests } from '../infrastructure/waiting-days.sql.js';

/** What to freeze. */
export interface SnapshotRequest {
  readonly name: string;
  /** UTC days, `YYYY-MM-DD`, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Every podcast when left out. */
  readonly podcastId?: string | undefined;
}

/** A snapshot and whether it was taken early. */
export interface DatedSnapshot extends Snapshot {
  /** It was taken while late requests of its days were still accepted. */
  readonly provisional: boolean;
}

/** A snapshot beside what is shown now. */
export interface SnapshotDetail extends DatedSnapshot {
  readonly differs: boolean;
  readonly totals: readonly SnapshotTotal[];
  readonly numbers: readonly SnapshotNumber[];
  /** Null on the last page of numbers. */
  readonly next: string | null;
}

const LONGEST_DAYS = 366;
const RETRY_SECONDS = 2;

/** Numbers that were promised, such as on an invoice. No recount changes them. Needs an open `TenantDb.run`. */
@Injectable()
export class SnapshotsService {
  private readonly cursors: CursorCodec;
  private readonly acceptanceMs: number;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
    this.acceptanceMs = settings.ingestAcceptanceDays * DAY_MS;
  }

  /**
   * Freezes the downloads that are shown.
   * @throws DomainError `invalid_range`, `before_day_horizon` (400), `podcast_not_found` (404), `still_counting`, `snapshot_name_taken` (409)
   */
  async create(request: SnapshotRequest, createdBy: string): Promise<DatedSnapshot> {
    const { sql, tenantId } = this.db.current;
    const { podcastId = null, ...asked } = request;
    const { first, last } = readDayRange(asked, LONGEST_DAYS);
    if (last.getTime() + DAY_MS > Date.now()) throw notOver();
    const daysFrom = await dayHorizon(sql, tenantId);
    if (daysFrom !== null && first < daysFrom) throw beforeDayHorizon(daysFrom);
    if (podcastId !== null && !(await podcastExists(sql, tenantId, podcastId))) throw podcastNotFound();
    if (await hasUncountedRequests(sql, tenantId, asked.firstDay, asked.lastDay)) throw stillCounting();
    const snapshot = { ...asked, podcastId, id: randomUUID(), createdBy };
    if (!(await insertSnapshot(sql, tenantId, snapshot))) throw nameTaken(asked.name);
    await copyNumbers(sql, tenantId, snapshot);
    return this.require(snapshot.id);
  }

  /** A page, the youngest first. @throws DomainError `invalid_cursor` (400) */
  async list(request: PageRequest): Promise<Page<DatedSnapshot>> {
    const { sql, tenantId } = this.db.current;
    const { items, next } = await readPage(this.cursors, tenantId, 'snapshots', request, (limit, after) =>
      listSnapshots(sql, tenantId, limit, after),
    );
    return { items: items.map((snapshot) => this.dated(snapshot)), next };
  }

  /**
   * A snapshot beside what is shown now, with one page of its numbers.
   * @throws DomainError `snapshot_not_found` (404), `invalid_cursor` (400)
   */
  async find(
    id: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<SnapshotDetail> {
    const { sql, tenantId } = this.db.current;
    const snapshot = await this.require(id);
    const list = `snapshot ${id}`;
    const [day, episodeId, evidence] =
      cursor === undefined ? START : this.cursors.decode(tenantId, list, cursor);
    const after = { day: String(day), episodeId: String(episodeId), evidence: String(evidence) };
    const totals = await snapshotTotals(sql, tenantId, snapshot);
    const rows = await snapshotNumbers(sql, tenantId, snapshot, after, limit + 1);
    const numbers = rows.slice(0, limit);
    const end = rows.length > limit ? numbers.at(-1) : undefined;
    return {
      ...snapshot,
      differs: totals.some(({ differing }) => differing > 0),
      totals,
      numbers,
      next: end ? this.cursors.encode(tenantId, list, [end.day, end.episodeId, end.evidence]) : null,
    };
  }

  private async require(id: string): Promise<DatedSnapshot> {
    const { sql, tenantId } = this.db.current;
    const found = await findSnapshot(sql, tenantId, id);
    if (found === undefined)
      throw new DomainError('snapshot_not_found', 404, 'There is no snapshot with that id.');
    return this.dated(found);
  }

  private dated(snapshot: Snapshot): DatedSnapshot {
    const endMs = Date.parse(`${snapshot.lastDay}T00:00:00Z`) + DAY_MS;
    return { ...snapshot, provisional: snapshot.createdAt.getTime() < endMs + this.acceptanceMs };
  }
}

/** Before every number. */
const START = ['-infinity', '00000000-0000-0000-0000-000000000000', ''];

function notOver(): DomainError {
  return new DomainError('invalid_range', 400, 'lastDay must be over, in UTC.', { field: 'lastDay' });
}

function beforeDayHorizon(daysFrom: Date): DomainError {
  return new DomainError(
    'before_day_horizon',
    400,
    `Counts by day before ${daysFrom.toISOString()} are no longer kept: freeze days from then on.`,
    { field: 'firstDay' },
  );
}

function podcastNotFound(): DomainError {
  return new DomainError('podcast_not_found', 404, 'This tenant has no podcast with that id.');
}

function stillCounting(): DomainError {
  const message = 'Requests of these days wait to be counted; nothing was frozen. Try again in a moment.';
  return new DomainError('still_counting', 409, message, { retryAfterSeconds: RETRY_SECONDS });
}

function nameTaken(name: string): DomainError {
  return new DomainError('snapshot_name_taken', 409, `There is a snapshot “${name}” already.`, {
    field: 'name',
  });
}
