import type { NetworkEntry } from './network-class.js';

/** How many blocks of a file are new, gone, or say something else. */
export interface NetworkChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** How many lines a file has, and how many of each class. */
export function countNetworks(entries: readonly NetworkEntry[]): Record<string, number> {
  const counts: Record<string, number> = { blocks: entries.length };
  for (const { networkClass } of entries) counts[networkClass] = (counts[networkClass] ?? 0) + 1;
  return counts;
}

/** What is different in `after`, block by block. */
export function compareNetworks(
  before: readonly NetworkEntry[],
  after: readonly NetworkEntry[],
): NetworkChanges {
  const [old, young] = [byBlock(before), byBlock(after)];
  let [added, changed] = [0, 0];
  for (const [cidr, said] of young) {
    const saidBefore = old.get(cidr);
    if (saidBefore === undefined) added += 1;
    else if (saidBefore !== said) changed += 1;
  }
  const removed = [...old.keys()].filter((cidr) => !young.has(cidr)).length;
  return { added, removed, changed };
}

/** What is said of each block; of two lines with one block the later. */
function byBlock(entries: readonly NetworkEntry[]): Map<string, string> {
  return new Map(
    entries.map(({ cidr, networkClass, asn, country }) => [
      cidr,
      `${networkClass} ${asn ?? ''} ${country ?? ''}`,
    ]),
  );
}
