import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { TenantPrincipal } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { TablePosition } from '../../domain/exports/exported-column.js';
import { tooLargeToStream } from '../../domain/exports/exports.errors.js';
import type { ExportFormat } from '../../domain/exports/export-format.js';
import { countRows } from '../../infrastructure/exports/exported-rows.sql.js';
import { tableEncoder } from '../../infrastructure/exports/table-encoder.js';
import type { OutgoingFile } from './export-files.service.js';
import { ExportQuestionReader, type ExportQuestion, type ReadExportQuestion } from './export-question.js';
import { readPortion, type Portion } from './read-portion.js';
import { TableReader } from './table-reader.js';
import { selectionOf } from './table-selection.js';

/** Rows that are looked at while a client waits; about half a minute's work for a small machine. */
export const MAX_STREAMED_ROWS = 100_000;

/** Small tables at once, without a file. Opens its own transactions. */
@Injectable()
export class StreamTableService {
  constructor(
    private readonly db: TenantDb,
    private readonly tables: TableReader,
    private readonly questions: ExportQuestionReader,
  ) {}

  /**
   * The rows as they are read: each portion in a short transaction, so that memory holds one and a client that leaves ends
   * the reading.
   *
   * @throws DomainError `export_too_large` (422) and what `ExportQuestionReader` throws
   */
  async open(caller: TenantPrincipal, question: ExportQuestion): Promise<OutgoingFile> {
    const { tenantId } = caller;
    const asked = await this.read(tenantId, async () => {
      const read = await this.questions.read(caller, question);
      const { sql } = this.db.current;
      const most = MAX_STREAMED_ROWS + 1;
      if ((await countRows(sql, tenantId, read.table, selectionOf(read.table, read), most)) === most)
        throw tooLargeToStream(MAX_STREAMED_ROWS);
      return read;
    });
    const { format } = question;
    return { name: asked.table.name, format, length: null, bytes: this.bytes(tenantId, asked, format) };
  }

  private async *bytes(
    tenantId: TenantId,
    asked: ReadExportQuestion,
    format: ExportFormat,
  ): AsyncGenerator<Uint8Array> {
    const { table } = asked;
    const encoder = tableEncoder(format, table.columns);
    const selection = selectionOf(table, asked);
    const layouts: Uint8Array[] = [];
    let offset = 0;
    const sent = (part: Uint8Array) => {
      offset += part.length;
      return part;
    };
    yield sent(encoder.begin());
    let after: TablePosition | null = null;
    do {
      const start: TablePosition | null = after;
      const portion: Portion = await this.read(tenantId, () =>
        readPortion(this.tables, table, selection, start),
      );
      after = portion.after;
      if (portion.rows.length === 0) continue;
      const { bytes, layout } = encoder.rows(portion.rows, offset);
      if (layout !== null) layouts.push(layout);
      yield sent(bytes);
    } while (after !== null);
    yield sent(encoder.end(layouts, offset));
  }

  private read<T>(tenantId: TenantId, work: () => Promise<T>): Promise<T> {
    return this.db.run(tenantId, work, { readOnly: true });
  }
}
