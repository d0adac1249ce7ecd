import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { TenantPrincipal } from '@lib/http';
import { localZone } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import type { ExportFormat } from '../../domain/exports/export-format.js';
import { noPodcastFilter, rangeMismatch, rawScopeNeeded } from '../../domain/exports/exports.errors.js';
import { invalidRange, podcastNotFound } from '../../domain/metrics.errors.js';
import { readBound } from '../../domain/read-range.js';
import type { ExportedTable } from '../../infrastructure/exports/exported-table.js';
import { exportedTable } from '../../infrastructure/exports/exported-tables.js';
import { podcastExists } from '../../infrastructure/query-scope.sql.js';

/** What somebody wants to take out. */
export interface ExportQuestion {
  /** One of `EXPORTED_TABLE_NAMES`. */
  table: string;
  format: ExportFormat;
  from?: string | undefined;
  to?: string | undefined;
  podcastId?: string | undefined;
}

/** A question that was read. */
export interface ReadExportQuestion {
  readonly table: ExportedTable;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly podcastId: string | null;
}

/** Reads what exports are asked for. Needs an open `TenantDb.run`. */
@Injectable()
export class ExportQuestionReader {
  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
  ) {}

  /**
   * @throws DomainError `forbidden` (403) for a table of listeners without the scope `raw`; `invalid_range`,
   * `filter_not_applicable` (400); `podcast_not_found` (404)
   */
  async read(caller: TenantPrincipal, question: ExportQuestion): Promise<ReadExportQuestion> {
    const table = exportedTable(question.table);
    requireRaw(caller, table);
    const range = await this.readRange(table, question);
    const { podcastId = null } = question;
    if (podcastId !== null) await this.checkPodcast(table, podcastId);
    return { table, ...range, podcastId };
  }

  private async readRange(
    { name, isTimed }: ExportedTable,
    { from, to }: ExportQuestion,
  ): Promise<{ from: Date | null; to: Date | null }> {
    const isWhole = from === undefined && to === undefined;
    if (!isTimed && isWhole) return { from: null, to: null };
    if (!isTimed || from === undefined || to === undefined) throw rangeMismatch(name, isTimed);
    const zone = localZone((await this.tenants.get()).timeZone);
    const [begin, end] = [readBound(zone, 'from', from), readBound(zone, 'to', to)];
    if (begin >= end) throw invalidRange('to', 'to must be later than from: the range ends before to.');
    return { from: new Date(begin), to: new Date(end) };
  }

  private async checkPodcast({ name, podcast }: ExportedTable, podcastId: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    if (podcast === undefined) throw noPodcastFilter(name);
    if (!(await podcastExists(sql, tenantId, podcastId))) throw podcastNotFound();
  }
}

/** @throws DomainError `forbidden` (403) where the table holds requests of listeners and the key does not have the scope `raw` */
export function requireRaw({ scopes }: TenantPrincipal, { name, ofListeners }: ExportedTable): void {
  if (ofListeners && !scopes.includes('raw') && !scopes.includes('admin')) throw rawScopeNeeded(name);
}
