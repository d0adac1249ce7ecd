import { EXPORTED_TABLES } from '../../infrastructure/exports/exported-tables.js';

export { EXPORT_FORMATS, MEDIA_TYPES, type ExportFormat } from '../../domain/exports/export-format.js';
export { EXPORT_STATES } from '../../domain/exports/export-row.js';

/** The names of the tables that a tenant can take out. */
export const EXPORTED_TABLE_NAMES: readonly string[] = EXPORTED_TABLES.map(({ name }) => name);
const named = (holds: (table: (typeof EXPORTED_TABLES)[number]) => boolean) =>
  EXPORTED_TABLES.filter(holds)
    .map(({ name }) => name)
    .join(', ');
/** Those that are taken for a range of time, as a list in words. */
export const TIMED_TABLES = named(({ isTimed }) => isTimed);
/** Those that ask for the scope `raw`. */
export const LISTENER_TABLES = named(({ ofListeners }) => ofListeners);
