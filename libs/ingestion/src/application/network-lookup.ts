import { LRUCache } from 'lru-cache';
import type { NetworkEntry, NetworkVerdict } from '../domain/classification/network-class.js';
import { type AddressRange, RangeTable } from '../domain/classification/range-table.js';
import { keyOf, parseAddress } from '../infrastructure/parse-address.js';

/** What is known of an address that is none, or that nobody knows. */
const UNKNOWN: NetworkVerdict = { networkClass: 'unknown', asn: null, country: null };

/** Addresses remembered, in memory only: one listening comes with many requests. */
const REMEMBERED = 50_000;

/**
 * Says what network an address belongs to, by one version of the operator's file: the narrowest block decides. Where it
 * names no country, the data that comes with the product does.
 */
export class NetworkLookup {
  private readonly table: RangeTable;
  /** Few different things are said of very many blocks: each is kept once. */
  private readonly verdicts: readonly NetworkVerdict[];
  private readonly recent = new LRUCache<string, NetworkVerdict>({ max: REMEMBERED });

  /**
   * @param version SHA-256 of the file in hexadecimal; null for none
   * @param countryOf the country of an address in its usual notation, IPv4-mapped ones unwrapped
   */
  constructor(
    readonly version: string | null,
    blocks: readonly (NetworkEntry & AddressRange)[],
    private readonly countryOf: (address: string) => string | null,
  ) {
    this.table = new RangeTable(blocks);
    const known = new Map<string, NetworkVerdict>();
    this.verdicts = blocks.map(({ networkClass, asn, country }) => {
      const key = `${networkClass} ${asn ?? ''} ${country ?? ''}`;
      const verdict = known.get(key) ?? { networkClass, asn, country };
      known.set(key, verdict);
      return verdict;
    });
  }

  /** What is known of an address in any notation; of text that is no address, nothing. */
  look(address: string): NetworkVerdict {
    const known = this.recent.get(address);
    if (known !== undefined) return known;
    const verdict = this.ask(address);
    this.recent.set(address, verdict);
    return verdict;
  }

  private ask(address: string): NetworkVerdict {
    const parsed = parseAddress(address);
    if (parsed === undefined) return UNKNOWN;
    const block = this.table.find(keyOf(parsed));
    const found = (block === undefined ? undefined : this.verdicts[block]) ?? UNKNOWN;
    if (found.country !== null) return found;
    const country = this.countryOf(parsed.toString());
    return country === null ? found : { ...found, country };
  }
}
