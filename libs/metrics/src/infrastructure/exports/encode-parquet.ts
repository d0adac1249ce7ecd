import { deserialize, serialize } from 'node:v8';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type {
  ColumnType,
  ExportedColumn,
  ExportedRow,
  ExportedValue,
} from '../../domain/exports/exported-column.js';
import type { TableEncoder } from './encoded-rows.js';

type RowGroups = ParquetWriter['row_groups'];

/** `PAR1` opens the file; the writer appends it by itself. */
const MAGIC_BYTES = 4;

/**
 * Parquet with Snappy, each portion a row group, so that memory holds one of them. Times are timestamps of milliseconds in
 * UTC, days are dates, ids are strings, 64-bit integers stay exact.
 *
 * The writer knows where its row groups lie; since no writer lives as long as its file, each portion hands that on as its
 * layout, and the end is written from all of them.
 */
export function encodeParquet(columns: readonly ExportedColumn[]): TableEncoder {
  const schema = [{ name: 'root', num_children: columns.length }, ...columns.map(schemaElement)];
  return {
    begin: () => Buffer.from('PAR1'),
    rows: (rows, offset) => {
      const { bytes, parquet } = writerAt(schema, offset);
      void parquet.write({
        columnData: columns.map((column) => columnData(column, rows)),
        rowGroupSize: rows.length,
      });
      return { bytes: bytes.getBytes(), layout: serialize(parquet.row_groups) };
    },
    end: (layouts, offset) => {
      const { bytes, parquet } = writerAt(schema, offset);
      parquet.row_groups = layouts.flatMap((layout) => deserialize(layout) as RowGroups);
      parquet.num_rows = parquet.row_groups.reduce((rows, group) => rows + group.num_rows, 0n);
      void parquet.finish();
      return bytes.getBytes();
    },
  };
}

/** A writer that goes on at an offset of the file. */
function writerAt(schema: SchemaElement[], offset: number): { bytes: ByteWriter; parquet: ParquetWriter } {
  const bytes = new ByteWriter(1 << 16);
  const parquet = new ParquetWriter({ writer: bytes, schema, createdBy: 'podcast-measurement' });
  if (bytes.index !== MAGIC_BYTES)
    throw new Error('the Parquet writer no longer begins with its magic bytes alone');
  bytes.index = 0;
  bytes.offset = offset;
  return { bytes, parquet };
}

function columnData({ name, type }: ExportedColumn, rows: readonly ExportedRow[]) {
  const data = rows.map((row) => physical(row[name] ?? null, type));
  // Without an index of pages, which would have to be kept until the end.
  return { name, data, offsetIndex: false, columnIndex: false };
}

function physical(value: ExportedValue, type: ColumnType): ExportedValue {
  return type === 'date' && typeof value === 'string' ? new Date(`${value}T00:00:00Z`) : value;
}

const ELEMENTS: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  uuid: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  integer: { type: 'INT32' },
  bigint: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  instant: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
  date: { type: 'INT32', converted_type: 'DATE', logical_type: { type: 'DATE' } },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } },
};

function schemaElement({ name, type }: ExportedColumn): SchemaElement {
  return { name, repetition_type: 'OPTIONAL', ...ELEMENTS[type] };
}
