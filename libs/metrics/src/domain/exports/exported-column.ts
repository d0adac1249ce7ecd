/**
 * Words of this folder: a *table* is what a tenant can take out, a *key* puts its rows in a fixed order, a *position* is the
 * key of the last row that was read, a *piece* is a part of a finished file.
 */

/**
 * What a column holds: `instant` is a moment in UTC, to the millisecond; `date` a UTC day as `YYYY-MM-DD`; `bigint` has 64
 * bits; `json` is an object or a list.
 */
export type ColumnType =
  'text' | 'uuid' | 'integer' | 'bigint' | 'double' | 'boolean' | 'instant' | 'date' | 'json';

/** A column of a file. */
export interface ExportedColumn {
  /** As in the header, in snake case. */
  readonly name: string;
  readonly type: ColumnType;
}

/** One value: text, uuid and date are strings, instants are dates, 64-bit integers are bigints. */
export type ExportedValue = string | number | bigint | boolean | Date | object | null;

/** A row, by the names of its columns. */
export type ExportedRow = Readonly<Record<string, ExportedValue>>;

/** Where reading goes on: the parts of a key, as text that PostgreSQL reads back to the same value. */
export type TablePosition = readonly string[];
