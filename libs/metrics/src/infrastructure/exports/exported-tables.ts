import { CATALOG_TABLES } from './catalog-tables.js';
import { COUNTING_TABLES } from './counting-tables.js';
import type { ExportedTable } from './exported-table.js';
import { DOWNLOADS, LISTENER_EVENTS } from './listener-tables.js';
import { LISTENING_TABLES } from './listening-tables.js';
import { NUMBER_TABLES } from './number-tables.js';

/** Every table that a tenant can take out. */
export const EXPORTED_TABLES: readonly ExportedTable[] = [
  ...CATALOG_TABLES,
  LISTENER_EVENTS,
  DOWNLOADS,
  ...NUMBER_TABLES,
  ...LISTENING_TABLES,
  ...COUNTING_TABLES,
];

/**
 * The table of a name that was checked before.
 *
 * @throws Error for any other name
 */
export function exportedTable(name: string): ExportedTable {
  const table = EXPORTED_TABLES.find((each) => each.name === name);
  if (table === undefined) throw new Error(`there is no table ${name} to export`);
  return table;
}
