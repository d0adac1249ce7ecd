import { stringify, type Options } from 'csv-stringify/sync';
import type { ExportedColumn, ExportedValue } from '../../domain/exports/exported-column.js';
import type { TableEncoder } from './encoded-rows.js';

const OPTIONS: Options = {
  record_delimiter: 'windows',
  quote_record_delimiter: true,
  // Apart from null, which is nothing at all.
  quoted_match: [/^$/],
  escape_formulas: true,
  cast: {
    boolean: String,
    // The package's list of dangerous beginnings lacks this one, which OWASP names as well.
    string: (text) => (text.startsWith('\n') ? `'${text}` : text),
  },
};

/**
 * CSV by RFC 4180 in UTF-8 without a byte order mark, which would become part of the first column's name; spreadsheets ask for
 * the encoding or are told it. One header row; null is an empty field, empty text `""`; times are ISO 8601 in UTC.
 *
 * A text that a spreadsheet would take for a formula gets a leading apostrophe (OWASP, CSV injection); numbers stay numbers.
 */
export function encodeCsv(columns: readonly ExportedColumn[]): TableEncoder {
  const cells = (row: Readonly<Record<string, ExportedValue>>) =>
    columns.map(({ name, type }) => cellOf(row[name] ?? null, type));
  return {
    begin: () => Buffer.from(stringify([columns.map(({ name }) => name)], OPTIONS)),
    rows: (rows) => ({ bytes: Buffer.from(stringify(rows.map(cells), OPTIONS)), layout: null }),
    end: () => Buffer.alloc(0),
  };
}

function cellOf(value: ExportedValue, type: ExportedColumn['type']): ExportedValue {
  if (value === null) return null;
  if (type === 'json') return JSON.stringify(value);
  return value instanceof Date ? value.toISOString() : value;
}
