import type { ExportedColumn } from '../../domain/exports/exported-column.js';
import type { ExportFormat } from '../../domain/exports/export-format.js';
import { encodeCsv } from './encode-csv.js';
import { encodeNdjson } from './encode-ndjson.js';
import { encodeParquet } from './encode-parquet.js';
import type { TableEncoder } from './encoded-rows.js';

export type { TableEncoder } from './encoded-rows.js';

const ENCODERS: Readonly<Record<ExportFormat, (columns: readonly ExportedColumn[]) => TableEncoder>> = {
  csv: encodeCsv,
  ndjson: encodeNdjson,
  parquet: encodeParquet,
};

/** The encoder of a format for a table's columns. */
export function tableEncoder(format: ExportFormat, columns: readonly ExportedColumn[]): TableEncoder {
  return ENCODERS[format](columns);
}
