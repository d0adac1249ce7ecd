/** A stretch of a file in bytes, half-open: `bytes=0-99` is `{ from: 0, to: 100 }`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** The same bytes as sorted ranges that neither touch nor overlap: one spelling for each set of bytes. */
export function uniteRanges(ranges: readonly ByteRange[]): ByteRange[] {
  const sorted = ranges.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from);
  const united: ByteRange[] = [];
  for (const range of sorted) {
    const last = united[united.length - 1];
    if (last === undefined || range.from > last.to) united.push(range);
    else if (range.to > last.to) united[united.length - 1] = { from: last.from, to: range.to };
  }
  return united;
}

/** How many bytes are in at least one of the ranges: their union, never the sum of their lengths (IAB-20). */
export function unionBytes(ranges: readonly ByteRange[]): number {
  return uniteRanges(ranges).reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The part of the ranges that lies inside `[from, to)`. */
export function clipRanges(ranges: readonly ByteRange[], from: number, to: number): ByteRange[] {
  return ranges
    .map((range) => ({ from: Math.max(range.from, from), to: Math.min(range.to, to) }))
    .filter((range) => range.from < range.to);
}

/**
 * How many bytes each piece brings that no piece before it brought. The sums over the pieces are the sizes of the
 * growing union (IAB-20).
 *
 * The borders of all ranges cut the file into cells; each cell belongs to the first piece that covers it, and covered
 * cells are jumped over ever after. So a listener who fetches a file in a hundred thousand pieces, backwards, costs
 * O(n log n) like everyone else; a sorted list that grows piece by piece would cost its square.
 * @param pieces what each request brought, in the order of the requests
 */
export function addedBytes(pieces: readonly (readonly ByteRange[])[]): number[] {
  const borders = sortedBorders(pieces);
  const cells = new Map<number, number>();
  borders.forEach((border, cell) => cells.set(border, cell));
  const nextFree = Uint32Array.from(borders, (_, cell) => cell);
  return pieces.map((ranges) => {
    let added = 0;
    for (const { from, to } of ranges) {
      const end = cells.get(to) ?? 0;
      let cell = findFree(nextFree, cells.get(from) ?? end);
      while (cell < end) {
        added += (borders[cell + 1] ?? 0) - (borders[cell] ?? 0);
        nextFree[cell] = cell + 1;
        cell = findFree(nextFree, cell + 1);
      }
    }
    return added;
  });
}

function sortedBorders(pieces: readonly (readonly ByteRange[])[]): Float64Array {
  const all = new Set<number>();
  for (const ranges of pieces) for (const { from, to } of ranges) all.add(from).add(to);
  return Float64Array.from(all).sort();
}

/** The first cell at or after `cell` that nothing covers yet; halves the way there for those who ask later. */
function findFree(nextFree: Uint32Array, cell: number): number {
  let at = cell;
  for (;;) {
    const next = nextFree[at] ?? at;
    if (next === at) return at;
    nextFree[at] = nextFree[next] ?? next;
    at = next;
  }
}
