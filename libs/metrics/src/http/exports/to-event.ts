import type { ExportedRow } from '../../domain/exports/exported-column.js';
import type { EventDto } from './events.dto.js';

/** A row of the table `listener_events` as the API shows it: the names in camel case, bytes as a number. */
export function toEvent(row: ExportedRow): EventDto {
  const fields = Object.entries(row).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    typeof value === 'bigint' ? Number(value) : value,
  ]);
  return Object.fromEntries(fields) as EventDto;
}
