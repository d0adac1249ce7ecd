import { CsvError, parse } from 'csv-parse/sync';
import { DomainError } from '@lib/primitives';
import { EPISODE_FILE_COLUMNS, type EpisodeFileRecord } from '../domain/episode-file.js';

/** A file with half a million episodes is smaller. */
export const MAX_EPISODE_CSV_BYTES = 32 * 1024 * 1024;

export interface EpisodeCsv {
  readonly records: readonly { readonly line: number; readonly record: EpisodeFileRecord }[];
  readonly ignoredColumns: readonly string[];
}

/**
 * Reads a CSV in UTF-8 whose first line names the columns.
 * @throws DomainError `csv_invalid` for a file that is none, or has none of the columns that are needed
 */
export function parseEpisodeCsv(bytes: Uint8Array): EpisodeCsv {
  if (bytes.length > MAX_EPISODE_CSV_BYTES)
    throw csvInvalid(`it has more than ${MAX_EPISODE_CSV_BYTES} bytes`);
  let columns: string[] = [];
  try {
    const rows = parse(Buffer.from(bytes), {
      bom: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      columns: (names: string[]) => (columns = names.map((name) => name.trim().toLowerCase())),
    }) as unknown as { record: EpisodeFileRecord; info: { lines: number } }[];
    requireColumns(columns);
    const known = new Set<string>(EPISODE_FILE_COLUMNS);
    return {
      records: rows.map(({ record, info }) => ({ line: info.lines, record })),
      ignoredColumns: columns.filter((name) => !known.has(name)),
    };
  } catch (error) {
    throw error instanceof CsvError ? csvInvalid(error.message) : error;
  }
}

function requireColumns(columns: readonly string[]): void {
  if (!columns.includes('url') && !columns.includes('path')) throw csvInvalid('it has no column url or path');
  const hasSize = ['file_bytes', 'header_bytes', 'duration_seconds', 'segment_ms'].some((name) =>
    columns.includes(name),
  );
  if (!hasSize)
    throw csvInvalid('it has none of the columns file_bytes, header_bytes, duration_seconds, segment_ms');
}

/** @param reason what is wrong, naming the line where there is one */
export function csvInvalid(reason: string): DomainError {
  return new DomainError('csv_invalid', 400, `The CSV cannot be read: ${reason}. Nothing was changed.`, {
    field: 'file',
  });
}
