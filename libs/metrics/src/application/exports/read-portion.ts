import type { ExportedRow, TablePosition } from '../../domain/exports/exported-column.js';
import type { ExportedTable } from '../../infrastructure/exports/exported-table.js';
import type { TableSelection } from '../../infrastructure/exports/exported-rows.sql.js';
import type { TableReader } from './table-reader.js';

/** Rows of one statement. */
const PAGE_ROWS = 2_000;
/** Portions end with the page that brings them past one of these, which bounds what memory holds. */
const PORTION_ROWS = 20_000;
const PORTION_TEXT = 8 * 1024 * 1024;
const PORTION_MS = 2_000;

/** Rows for one part of a file, and where the next part begins; null after the last. */
export interface Portion {
  readonly rows: readonly ExportedRow[];
  readonly after: TablePosition | null;
}

/** Reads pages until they make a portion of a file. Needs an open `TenantDb.run`. */
export async function readPortion(
  tables: TableReader,
  table: ExportedTable,
  selection: TableSelection,
  start: TablePosition | null,
): Promise<Portion> {
  const rows: ExportedRow[] = [];
  const deadline = Date.now() + PORTION_MS;
  let after = start;
  let text = 0;
  do {
    const page = await tables.page(table, selection, after, PAGE_ROWS);
    for (const row of page.rows) text += textOf(row);
    rows.push(...page.rows);
    after = page.after;
  } while (after !== null && rows.length < PORTION_ROWS && text < PORTION_TEXT && Date.now() < deadline);
  return { rows, after };
}

/** About how many characters the long values of a row have. */
function textOf(row: ExportedRow): number {
  let length = 0;
  for (const value of Object.values(row)) {
    if (typeof value === 'string') length += value.length;
    else if (typeof value === 'object' && value !== null && !(value instanceof Date))
      length += JSON.stringify(value).length;
  }
  return length;
}
