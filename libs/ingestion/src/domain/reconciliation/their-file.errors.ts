import { DomainError } from '@lib/primitives';

/** Columns of the other party's file. */
export type TheirColumn = 'day' | 'count' | 'episodeId' | 'guid' | 'title' | 'podcast';

/** The file is no CSV: a quote that is not closed, or a row that is longer or shorter than the header. */
export function csvMalformed(line: number, what: string): DomainError {
  return atLine('csv_malformed', line, what);
}

/** The bytes are not UTF-8, or hold what no text may. */
export function csvEncoding(): DomainError {
  return new DomainError('csv_encoding', 422, 'The file is not text in UTF-8. Save it as "CSV UTF-8".');
}

/** There is no row below the header. */
export function csvEmpty(): DomainError {
  return new DomainError('csv_empty', 422, 'The file has no row below its header.');
}

/** More rows than one comparison takes. */
export function tooManyRows(limit: number): DomainError {
  return new DomainError('csv_too_many_rows', 422, `A file may have up to ${limit} rows; send fewer days.`);
}

/** The header lacks a column. */
export function columnMissing(columns: string): DomainError {
  return atLine('csv_column_missing', 1, `the header must have ${columns}`);
}

/** The header has a column twice. */
export function columnRepeated(column: TheirColumn): DomainError {
  return atLine('csv_column_repeated', 1, 'the header has this column twice', column);
}

/** A cell does not hold what its column asks for. */
export function cellInvalid(line: number, column: TheirColumn, rule: string): DomainError {
  return atLine('csv_cell_invalid', line, `must be ${rule}`, column);
}

/** A row names neither an episode nor a podcast. */
export function subjectMissing(line: number): DomainError {
  return atLine('csv_subject_missing', line, 'the row names neither an episode nor a podcast');
}

/** Two rows are about the same episode, or podcast, and day. */
export function rowRepeated(line: number, before: number): DomainError {
  return atLine(
    'csv_row_repeated',
    line,
    `the row is about the same episode or podcast and day as line ${before}`,
  );
}

/** Rows of a podcast as a whole stand beside rows of its episodes, which are part of it. */
export function levelsMixed(line: number): DomainError {
  const what = 'the file has rows of this podcast as a whole and rows of its episodes; send one kind';
  return atLine('csv_levels_mixed', line, what);
}

/** The first and the last day are too far apart. */
export function daysTooFarApart(line: number, longestDays: number): DomainError {
  return atLine('csv_cell_invalid', line, `must lie less than ${longestDays} days after the first`, 'day');
}

/** More episodes and days than one comparison takes. */
export function comparisonTooLarge(limit: number): DomainError {
  const message = `The days and episodes of the file come to more than ${limit} numbers here; send fewer days.`;
  return new DomainError('comparison_too_large', 422, message);
}

/** Days whose downloads are no longer there to be cut by another clock. */
export function beforeDownloadHorizon(downloadsFrom: Date): DomainError {
  const message = `Single downloads before ${downloadsFrom.toISOString()} are no longer kept; send days from then on.`;
  return new DomainError('before_download_horizon', 422, message);
}

function atLine(code: string, line: number, what: string, column?: TheirColumn): DomainError {
  const place = column === undefined ? `line ${line}` : `line ${line}, column ${column}`;
  return new DomainError(code, 422, `${place}: ${what}.`, { field: place });
}
