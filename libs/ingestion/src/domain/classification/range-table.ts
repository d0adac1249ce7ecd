import { type AddressKey, nextAddress } from './address-key.js';

/** A block of addresses; `first` and `last` belong to it. */
export interface AddressRange {
  readonly first: AddressKey;
  readonly last: AddressKey;
}

/** Where there is no block. */
const NONE = -1;

/**
 * Finds the blocks that an address lies in, the narrowest first: longest-prefix match by binary search.
 *
 * Blocks in CIDR notation nest or lie apart. They are cut into stretches that do not overlap, each of which knows its
 * narrowest block; every block knows the next wider one. Of two equal blocks the later comes first.
 */
export class RangeTable {
  private readonly starts: readonly AddressKey[];
  private readonly narrowest: Int32Array;
  private readonly wider: Int32Array;

  /** @param ranges that nest or lie apart */
  constructor(ranges: readonly AddressRange[]) {
    this.wider = new Int32Array(ranges.length).fill(NONE);
    const stretches = cut(ranges, this.wider);
    this.starts = stretches.map(({ start }) => start);
    this.narrowest = Int32Array.from(stretches, ({ block }) => block);
  }

  /** The index of the narrowest block that holds the address; undefined for none. */
  find(address: AddressKey): number | undefined {
    return known(this.narrowest[this.stretchOf(address)]);
  }

  /** The index of the narrowest block around another; undefined for none. */
  widerThan(block: number): number | undefined {
    return known(this.wider[block]);
  }

  /** The last stretch that starts at the address or before; -1 when all start later. */
  private stretchOf(address: AddressKey): number {
    let from = 0;
    let to = this.starts.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const start = this.starts[middle];
      if (start !== undefined && start <= address) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }
}

function known(block: number | undefined): number | undefined {
  return block === NONE ? undefined : block;
}

interface Stretch {
  readonly start: AddressKey;
  readonly block: number;
}

/** Sweeps over the borders of all blocks; notes in `wider` what each block lies in. */
function cut(ranges: readonly AddressRange[], wider: Int32Array): Stretch[] {
  const byStart = ranges
    .map(({ first, last }, index) => ({ first, last, index }))
    .sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last) || a.index - b.index);
  const stretches: Stretch[] = [];
  const begin = (start: AddressKey, block: number) => {
    // An equal block, or the end of one where the next begins.
    if (stretches.at(-1)?.start === start) stretches.pop();
    stretches.push({ start, block });
  };
  const open: { last: AddressKey; index: number }[] = [];
  const close = ({ last }: { last: AddressKey }) => {
    const next = nextAddress(last);
    if (next !== undefined) begin(next, open.at(-1)?.index ?? NONE);
  };
  for (const { first, last, index } of byStart) {
    for (let top = open.at(-1); top !== undefined && top.last < first; top = open.at(-1)) {
      open.pop();
      close(top);
    }
    wider[index] = open.at(-1)?.index ?? NONE;
    open.push({ last, index });
    begin(first, index);
  }
  for (let top = open.pop(); top !== undefined; top = open.pop()) close(top);
  return stretches;
}

function compare(a: AddressKey, b: AddressKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
