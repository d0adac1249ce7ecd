import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import type { ExportedColumn, ExportedRow } from '../../domain/exports/exported-column.js';
import { tableEncoder, type TableEncoder } from './table-encoder.js';

const COLUMNS: readonly ExportedColumn[] = [
  { name: 'id', type: 'uuid' },
  { name: 'title', type: 'text' },
  { name: 'position', type: 'integer' },
  { name: 'bytes', type: 'bigint' },
  { name: 'share', type: 'double' },
  { name: 'is_known', type: 'boolean' },
  { name: 'at', type: 'instant' },
  { name: 'day', type: 'date' },
  { name: 'data', type: 'json' },
];

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .tuple(fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '＝', '"', ',', "'"), fc.string())
    .map(([first, rest]) => first + rest),
);
const instant = fc.date({
  min: new Date('1990-01-01'),
  max: new Date('2090-01-01'),
  noInvalidDate: true,
});
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const row: fc.Arbitrary<ExportedRow> = fc.record({
  id: fc.uuid(),
  title: maybe(text),
  position: maybe(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  bytes: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  share: maybe(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0)),
  is_known: maybe(fc.boolean()),
  at: maybe(instant),
  day: maybe(instant.map((date) => date.toISOString().slice(0, 10))),
  data: maybe(
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      fc.oneof(text, fc.integer(), fc.boolean()),
    ),
  ),
});
const portions = fc.array(fc.array(row, { minLength: 1, maxLength: 8 }), { maxLength: 4 });

/** The file, each portion by an encoder of its own: nothing but bytes and layouts is handed on. */
function write(encoder: () => TableEncoder, parts: readonly ExportedRow[][]): Buffer {
  let file = Buffer.from(encoder().begin());
  const layouts: Uint8Array[] = [];
  for (const rows of parts) {
    const { bytes, layout } = encoder().rows(rows, file.length);
    file = Buffer.concat([file, bytes]);
    if (layout !== null) layouts.push(layout);
  }
  return Buffer.concat([file, encoder().end(layouts, file.length)]);
}

/** What a spreadsheet would calculate (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

test('CSV is read back row by row, and no text in it is a formula', () => {
  fc.assert(
    fc.property(portions, (parts) => {
      const file = write(() => tableEncoder('csv', COLUMNS), parts).toString();
      expect(file.startsWith('id,title,position,bytes,share,is_known,at,day,data\r\n')).toBe(true);
      const read = parse(file, {
        columns: true,
        record_delimiter: ['\r\n', '\n', '\r'],
        cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
      });
      const guarded = (value: string) => (FORMULA.test(value) ? `'${value}` : value);
      const expected = parts.flat().map(({ id, title, position, bytes, share, is_known, at, day, data }) => ({
        id,
        title: title === null ? null : guarded(title as string),
        position: position === null ? null : String(position as number),
        bytes: bytes === null ? null : String(bytes as bigint),
        share: share === null ? null : String(share as number),
        is_known: is_known === null ? null : String(is_known as boolean),
        at: at === null ? null : (at as Date).toISOString(),
        day,
        data: data === null ? null : JSON.stringify(data),
      }));
      expect(read).toEqual(expected);
      for (const { title } of read as { title: string | null }[]) expect(title ?? '').not.toMatch(FORMULA);
    }),
  );
});

test('NDJSON is read back row by row, with integers as strings where a number would not be exact', () => {
  fc.assert(
    fc.property(portions, (parts) => {
      const file = write(() => tableEncoder('ndjson', COLUMNS), parts).toString();
      const lines = file.split('\n');
      expect(lines.pop()).toBe('');
      const expected = parts.flat().map(({ bytes, at, ...rest }) => ({
        ...rest,
        bytes:
          bytes === null || Number.isSafeInteger(Number(bytes))
            ? bytes && Number(bytes)
            : String(bytes as bigint),
        at: at && (at as Date).toISOString(),
      }));
      expect(lines.map((line) => JSON.parse(line) as object)).toEqual(
        expected.map(
          (each) => JSON.parse(JSON.stringify(each, (_, v: unknown) => (v === 0n ? 0 : v))) as object,
        ),
      );
    }),
  );
});

test('Parquet is read back row by row, whoever wrote which row group', async () => {
  await fc.assert(
    fc.asyncProperty(portions, async (parts) => {
      const file = write(() => tableEncoder('parquet', COLUMNS), parts);
      const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
      const metadata = parquetMetadata(buffer);
      expect(Number(metadata.num_rows)).toBe(parts.flat().length);
      expect(metadata.row_groups.length).toBe(parts.length);
      const read = await parquetReadObjects({ file: buffer });
      const expected = parts.flat().map(({ day, ...rest }) => ({
        ...rest,
        day: day === null ? null : new Date(`${day as string}T00:00:00Z`),
      }));
      expect(read.map(({ id, ...rest }) => ({ id: String(id), ...withoutUndefined(rest) }))).toEqual(
        expected.map(withoutUndefined),
      );
    }),
    { numRuns: 60 },
  );
});

function withoutUndefined(found: object): object {
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, (value as unknown) ?? null]));
}

test('Parquet says what its columns are', () => {
  const file = write(() => tableEncoder('parquet', COLUMNS), []);
  const buffer = file.buffer.slice(file.byteOffset, file.byteOffset + file.length) as ArrayBuffer;
  const { children } = parquetSchema(parquetMetadata(buffer));
  const types = Object.fromEntries(
    children.map(({ element }) => [element.name, element.logical_type ?? element.type]),
  );
  expect(types).toEqual({
    id: { type: 'STRING' },
    title: { type: 'STRING' },
    position: 'INT32',
    bytes: 'INT64',
    share: 'DOUBLE',
    is_known: 'BOOLEAN',
    at: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
    day: { type: 'DATE' },
    data: { type: 'JSON' },
  });
});
