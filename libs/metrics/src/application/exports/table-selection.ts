import type { ExportRow } from '../../domain/exports/export-row.js';
import type { ExportedTable } from '../../infrastructure/exports/exported-table.js';
import type { TableSelection } from '../../infrastructure/exports/exported-rows.sql.js';

/** The rows of a table that an export is about. */
export function selectionOf(
  table: ExportedTable,
  { from, to, podcastId }: Pick<ExportRow, 'from' | 'to' | 'podcastId'>,
): TableSelection {
  const { podcast } = table;
  return {
    range: from === null || to === null ? null : { from, to },
    filters:
      podcastId === null || podcast === undefined ? [] : [{ sql: podcast, type: 'uuid', value: podcastId }],
  };
}
