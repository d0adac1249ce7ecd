import type { ExportedColumn, ExportedRow, ExportedValue } from '../../domain/exports/exported-column.js';
import type { TableEncoder } from './encoded-rows.js';

/**
 * One JSON object a line, with every column of the table; times are ISO 8601 in UTC. A 64-bit integer that JavaScript cannot
 * hold exactly is a string.
 */
export function encodeNdjson(columns: readonly ExportedColumn[]): TableEncoder {
  const line = (row: ExportedRow) =>
    `${JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, jsonOf(row[name] ?? null)])))}\n`;
  return {
    begin: () => Buffer.alloc(0),
    rows: (rows) => ({ bytes: Buffer.from(rows.map(line).join('')), layout: null }),
    end: () => Buffer.alloc(0),
  };
}

function jsonOf(value: ExportedValue): Exclude<ExportedValue, bigint> {
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
