import type { CommandIo } from '../../command-io.js';
import { renderTable } from '../../render-table.js';
import type { BenchProduct } from '../with-bench-product.js';
import { engineName, storageByTable } from './storage-by-table.sql.js';

/** Prints what each table takes, for each event of the history. */
export async function printStorage(io: CommandIo, { owner }: BenchProduct, events: number): Promise<void> {
  const tables = await storageByTable(owner);
  const all = {
    name: 'all of them',
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  const cells = [...tables, all].map(({ name, rows, bytes }) => [
    (bytes / events).toFixed(0),
    (rows / events).toFixed(2),
    (bytes / 2 ** 20).toFixed(0),
    name,
  ]);
  const head = ['bytes/event', 'rows/event', 'MiB', `engine ${await engineName(owner)}`];
  io.print(renderTable(head, cells, io.columns));
}
