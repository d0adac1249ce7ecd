import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, databaseUnavailable, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { appendMark, DayDrain, takeMarks, tryLockDay, type DrainReport } from '@lib/time-series';
import type { Logger } from 'pino';
import { cutPieces } from '../../domain/exports/cut-pieces.js';
import type { ExportRow } from '../../domain/exports/export-row.js';
import { exportedTable } from '../../infrastructure/exports/exported-tables.js';
import { insertPiece, pieceLayouts } from '../../infrastructure/exports/export-pieces.sql.js';
import {
  advanceExport,
  failExport,
  finishExport,
  hasWaitingExports,
  nextExport,
} from '../../infrastructure/exports/export-work.sql.js';
import { tableEncoder } from '../../infrastructure/exports/table-encoder.js';
import { readPortion } from './read-portion.js';
import { runExportsJob } from './run-exports.job.js';
import { TableReader } from './table-reader.js';
import { selectionOf } from './table-selection.js';

const BUDGET_MS = 4_000;
const PIECE_BYTES = 1024 * 1024;
/** How long a file can be fetched. */
const KEPT_HOURS = 24;
/** A tenant's exports are written one after another, under the lock of a day that stands for all. */
const ONE_AT_A_TIME = '1970-01-01';

/**
 * Writes the files that tenants asked for.
 *
 * A portion is one transaction: it reads rows after the last one that was written, stores their bytes as pieces, and notes
 * how far it came. A crash repeats the portion that was under way, by whichever worker comes next; a file is done in the
 * transaction that stores its last piece, and never before.
 */
@Injectable()
@HandlesJob(runExportsJob)
export class RunExports {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    private readonly tables: TableReader,
    private readonly settings: Settings,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'export', ({ tenantId }) => this.advance(tenantId));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  /** Writes for a tenant until nothing waits or some seconds have passed. Returns how many rows; null when another worker does. */
  private async advance(tenantId: TenantId): Promise<number | null> {
    const deadline = Date.now() + BUDGET_MS;
    let written = 0;
    for (;;) {
      const rows = await this.writePortion(tenantId);
      if (rows === null) return written > 0 ? written : null;
      if (rows === undefined) return written;
      written += rows;
      if (Date.now() >= deadline) return written;
    }
  }

  /** Returns how many rows it wrote; undefined when no export waits, null when another worker is at it. */
  private async writePortion(tenantId: TenantId): Promise<number | null | undefined> {
    let current: ExportRow | undefined;
    try {
      return await this.db.run(tenantId, async () => {
        const { sql } = this.db.current;
        if (!(await tryLockDay(sql, tenantId, 'export', ONE_AT_A_TIME))) return null;
        // Marks first: one that comes with an export which is not visible below must stay.
        await takeMarks(sql, tenantId, 'export', new Date(0), new Date('9999-12-31'));
        current = await nextExport(sql, tenantId);
        if (current === undefined) return undefined;
        const rows = await this.extend(current);
        if (await hasWaitingExports(sql, tenantId))
          await appendMark(sql, tenantId, 'export', floorTime(new Date(), DAY_MS), null);
        return rows;
      });
    } catch (error) {
      if (current === undefined || databaseUnavailable(error) || isBusy(error)) throw error;
      await this.giveUp(tenantId, current, error);
      return 0;
    }
  }

  /** Adds the next portion, and the end of the file after the last one. */
  private async extend(row: ExportRow): Promise<number> {
    const { sql, tenantId } = this.db.current;
    const table = exportedTable(row.table);
    const encoder = tableEncoder(row.format, table.columns);
    const { rows, after } = await readPortion(this.tables, table, selectionOf(table, row), row.position);
    let { pieces, bytes } = row;
    const store = async (part: Uint8Array, layout: Uint8Array | null) => {
      for (const [n, piece] of cutPieces(part, PIECE_BYTES).entries())
        await insertPiece(sql, tenantId, row.id, (pieces += 1) - 1, piece, n === 0 ? layout : null);
      bytes += part.length;
    };
    if (row.startedAt === null) await store(encoder.begin(), null);
    if (rows.length > 0) {
      const encoded = encoder.rows(rows, bytes);
      await store(encoded.bytes, encoded.layout);
    }
    if (after === null) await store(encoder.end(await pieceLayouts(sql, tenantId, row.id), bytes), null);
    if (bytes > this.settings.exportMaxBytes) {
      await failExport(sql, tenantId, row.id, tooLarge(this.settings.exportMaxBytes));
    } else {
      const position = after ?? row.position;
      await advanceExport(sql, tenantId, row.id, { position, pieces, rows: row.rows + rows.length, bytes });
      if (after === null) await finishExport(sql, tenantId, row.id, KEPT_HOURS);
    }
    return rows.length;
  }

  /** What went wrong is for the log; who asked learns that it did. */
  private async giveUp(tenantId: TenantId, row: ExportRow, error: unknown): Promise<void> {
    this.logger.error({ err: error, tenantId, exportId: row.id }, 'export failed');
    const text = 'The file could not be written, through a fault on our side.';
    await this.db.run(tenantId, () => failExport(this.db.current.sql, tenantId, row.id, text));
  }
}

/** SQLSTATEs of statements that took too long or got into another's way: the portion is tried again later. */
function isBusy(error: unknown): boolean {
  return ['57014', '55P03', '40001', '40P01'].includes((error as { code?: string }).code ?? '');
}

function tooLarge(bytes: number): string {
  return `The file is larger than ${bytes} bytes, the most that an export may have here: ask for a shorter range or one podcast.`;
}
