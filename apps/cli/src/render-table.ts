import Table from 'cli-table3';

/**
 * A table of text with plain borders, no wider than `columns`: the last column wraps, the others keep their width.
 * Every row has as many cells as the head.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string {
  const widths = head.map((title, index) => widest([title, ...rows.map((row) => row[index] ?? '')]) + 2);
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width + 1, 2);
  const last = Math.max(30, Math.min(widths.at(-1) ?? 0, columns - others));
  const table = new Table({
    head: [...head],
    colWidths: [...widths.slice(0, -1), last],
    wordWrap: true,
    // Colours would travel into files and tickets.
    style: { head: [], border: [] },
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function widest(cells: readonly string[]): number {
  return Math.max(...cells.flatMap((cell) => cell.split('\n')).map((line) => line.length));
}
