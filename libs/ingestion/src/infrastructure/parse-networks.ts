import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import { ListRejected } from '../domain/classification/list.errors.js';
import { NETWORK_CLASSES, type NetworkEntry } from '../domain/classification/network-class.js';
import { NETWORK_FILE_BYTES, NETWORK_LIMITS } from '../domain/classification/network-limits.js';
import type { AddressRange } from '../domain/classification/range-table.js';
import { addressRange } from './parse-address.js';

/** A line of the file, and the block as keys. */
export type NetworkBlock = NetworkEntry & AddressRange;

const NEEDED_COLUMNS = ['cidr', 'class'] as const;
/** What a file of networks says of a block. */
export const NETWORK_COLUMNS = [...NEEDED_COLUMNS, 'asn', 'country'] as const;

type Row = Partial<Record<(typeof NETWORK_COLUMNS)[number], string>>;

/**
 * Reads the operator's networks: CSV in UTF-8 with the header `cidr,class,asn,country`, in any order. `asn` and
 * `country` may be empty, or left out altogether; further columns are not read. Of two lines with one block the later
 * holds. A file without lines is read as no blocks.
 * @throws ListRejected naming the line, or the columns that the header lacks
 */
export async function parseNetworks(bytes: Uint8Array): Promise<NetworkBlock[]> {
  if (bytes.length > NETWORK_FILE_BYTES) {
    throw new ListRejected('list_too_large', `networks: more than ${NETWORK_FILE_BYTES} bytes`);
  }
  const blocks: NetworkBlock[] = [];
  const lines = Readable.from(pieces(bytes)).pipe(
    parse({
      bom: true,
      columns: true,
      info: true,
      trim: true,
      skip_empty_lines: true,
      max_record_size: NETWORK_LIMITS.lineCharacters,
    }),
  );
  try {
    for await (const { record, info } of lines as AsyncIterable<{ record: Row; info: { lines: number } }>) {
      if (blocks.length === NETWORK_LIMITS.rows) {
        throw new ListRejected('list_too_large', `networks: more than ${NETWORK_LIMITS.rows} lines`);
      }
      if (blocks.length === 0) requireColumns(Object.keys(record));
      blocks.push(readBlock(record, info.lines));
    }
  } catch (error) {
    throw error instanceof CsvError
      ? new ListRejected('list_unreadable', `networks: ${error.message}`)
      : error;
  }
  return blocks;
}

const PIECE = 64 * 1024;

/** Lets other work have its turn between two pieces. */
async function* pieces(bytes: Uint8Array): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    await setImmediate();
    yield Buffer.from(bytes.subarray(at, at + PIECE));
  }
}

function requireColumns(columns: readonly string[]): void {
  const quote = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');
  const known: readonly string[] = NETWORK_COLUMNS;
  const missing = NEEDED_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length === 0) return;
  const unknown = columns.filter((column) => !known.includes(column));
  const stranger = unknown.length === 0 ? '' : `, unknown ${quote(unknown)}`;
  throw new ListRejected(
    'list_invalid',
    `networks, header: missing ${quote(missing)}${stranger}; known columns are ${known.join(', ')}`,
  );
}

function readBlock({ cidr = '', class: name, asn = '', country = '' }: Row, line: number): NetworkBlock {
  const refuse = (fault: string) => new ListRejected('list_invalid', `networks, line ${line}: ${fault}`);
  const range = addressRange(cidr);
  if (range === undefined) throw refuse(`"${cidr}" is no block of addresses in CIDR notation`);
  const networkClass = NETWORK_CLASSES.find((each) => each === name);
  if (networkClass === undefined)
    throw refuse(`"${name ?? ''}" is no class; there are ${NETWORK_CLASSES.join(', ')}`);
  if (!/^(?:AS)?[0-9]{0,10}$/.test(asn) || Number(asn.replace('AS', '')) > 0xffffffff) {
    throw refuse(`"${asn}" is no number of an autonomous system`);
  }
  if (!/^(?:[A-Z]{2})?$/.test(country)) throw refuse(`"${country}" is no country of two capital letters`);
  return {
    cidr,
    ...range,
    networkClass,
    asn: asn === '' ? null : Number(asn.replace('AS', '')),
    country: country === '' ? null : country,
  };
}
