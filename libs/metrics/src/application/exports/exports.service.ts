import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest, type TenantPrincipal } from '@lib/http';
import { DAY_MS, floorTime } from '@lib/primitives';
import { appendMark, keepMark } from '@lib/time-series';
import { exportProgress } from '../../domain/exports/export-progress.js';
import type { ExportRow } from '../../domain/exports/export-row.js';
import { exportNotFound, tooManyExports } from '../../domain/exports/exports.errors.js';
import {
  deleteExport,
  findExport,
  insertExport,
  listExports,
  lockAndCountExports,
} from '../../infrastructure/exports/exports.sql.js';
import { ExportQuestionReader, type ExportQuestion } from './export-question.js';

/** An export as its tenant sees it. */
export interface ExportView extends ExportRow {
  /** From 0 to 1; see `exportProgress`. */
  progress: number;
}

/** Exports of a tenant that wait or are being written, and files that are kept, at most. */
const MAX_WAITING = 5;
const MAX_KEPT = 20;

/** Files that a tenant asks for. Needs an open `TenantDb.run`. */
@Injectable()
export class ExportsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    private readonly questions: ExportQuestionReader,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * Has a file written.
   * @throws DomainError `too_many_exports` (409) and what `ExportQuestionReader` throws
   */
  async request(caller: TenantPrincipal, question: ExportQuestion): Promise<ExportView> {
    const { table, ...asked } = await this.questions.read(caller, question);
    const { sql, tenantId } = this.db.current;
    const { waiting, kept } = await lockAndCountExports(sql, tenantId);
    if (waiting >= MAX_WAITING)
      throw tooManyExports(`${MAX_WAITING} exports wait already: ask again when one of them is done.`);
    if (waiting + kept >= MAX_KEPT)
      throw tooManyExports(`${MAX_KEPT} files are kept already: delete one, or wait until its day is over.`);
    const row = await insertExport(sql, tenantId, {
      ...asked,
      table: table.name,
      format: question.format,
      ofListeners: table.ofListeners,
      requestedBy: `key ${caller.keyId}`,
    });
    const today = floorTime(row.requestedAt, DAY_MS);
    await appendMark(sql, tenantId, 'export', today, null);
    await keepMark(sql, tenantId, 'export_expiry', today);
    return view(row);
  }

  /** The tenant's exports of the last month, the youngest first. @throws DomainError `invalid_cursor` (400) */
  async list(page: PageRequest): Promise<Page<ExportView>> {
    const { sql, tenantId } = this.db.current;
    const { items, next } = await readPage(this.cursors, tenantId, 'exports', page, (limit, after) =>
      listExports(sql, tenantId, limit, after),
    );
    return { items: items.map(view), next };
  }

  /** @throws DomainError `export_not_found` (404) */
  async find(id: string): Promise<ExportView> {
    const row = await findExport(this.db.current.sql, this.db.current.tenantId, id);
    if (row === undefined) throw exportNotFound();
    return view(row);
  }

  /**
   * Removes an export and its file; links to it lead nowhere from then on.
   * @throws DomainError `export_not_found` (404)
   */
  async remove(id: string): Promise<void> {
    if (!(await deleteExport(this.db.current.sql, this.db.current.tenantId, id))) throw exportNotFound();
  }
}

function view(row: ExportRow): ExportView {
  return { ...row, progress: exportProgress(row) };
}
