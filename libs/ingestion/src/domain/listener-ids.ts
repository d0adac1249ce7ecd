/** What is kept of an address: the first 64 bits of keyed hashes. Null where there is no address or no key. */
export interface ListenerIds {
  readonly countToday: bigint | null;
  readonly countYesterday: bigint | null;
  readonly addressDay: bigint | null;
  readonly audienceA: bigint | null;
  readonly audienceB: bigint | null;
  /** Of the address alone, under a key of its week: meets a buyer's browser, which has another user agent. */
  readonly net: bigint | null;
}

/** Nobody in particular. */
export const NO_LISTENER: ListenerIds = {
  countToday: null,
  countYesterday: null,
  addressDay: null,
  audienceA: null,
  audienceB: null,
  net: null,
};
