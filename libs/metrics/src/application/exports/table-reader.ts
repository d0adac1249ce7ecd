import { Inject, Injectable, Optional } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import type { TablePosition } from '../../domain/exports/exported-column.js';
import type { ExportedTable } from '../../infrastructure/exports/exported-table.js';
import {
  exportedRows,
  type TablePage,
  type TableSelection,
} from '../../infrastructure/exports/exported-rows.sql.js';
import { AGENT_NAMER, type AgentNamer } from './agent-namer.js';

/** Reads tables as they are shown, agents by their names. Needs an open `TenantDb.run`. */
@Injectable()
export class TableReader {
  constructor(
    private readonly db: TenantDb,
    @Optional() @Inject(AGENT_NAMER) private readonly agents?: AgentNamer,
  ) {}

  /** A page of at most `limit` rows after a position; null begins at the beginning. */
  async page(
    table: ExportedTable,
    selection: TableSelection,
    after: TablePosition | null,
    limit: number,
  ): Promise<TablePage> {
    const { sql, tenantId } = this.db.current;
    const page = await exportedRows(sql, tenantId, table, selection, after, limit);
    const names = page.sentBy.length === 0 ? null : ((await this.agents?.name(page.sentBy)) ?? null);
    if (names === null) return page;
    return { ...page, rows: page.rows.map((row, n) => ({ ...row, ...names[n] })) };
  }
}
