import type { ExportedRow } from '../../domain/exports/exported-column.js';

/** Bytes of some rows. `layout` is what the end of the file has to say about them; null where it says nothing. */
export interface EncodedRows {
  readonly bytes: Uint8Array;
  readonly layout: Uint8Array | null;
}

/**
 * Writes a file part by part and keeps nothing between parts, so that a file begun by one process is ended by another:
 * `begin`, then `rows` as often as there are portions, then `end`. Offsets are those of the file.
 */
export interface TableEncoder {
  begin(): Uint8Array;
  /** @param rows at least one */
  rows(rows: readonly ExportedRow[], offset: number): EncodedRows;
  /** @param layouts of all portions, in their order */
  end(layouts: readonly Uint8Array[], offset: number): Uint8Array;
}
