/**
 * Agent lists: which text in a User-Agent or Referer header stands for what. The format is that of opawg/user-agents-v2:
 * one JSON object a file, with its entries in the order in which they are asked.
 *
 * - **file**: one of six lists, of which each knows one kind of thing.
 * - **entry**: a name and the pattern by which it is known. The first entry that matches decides.
 * - **pattern**: a regular expression in the dialect of RE2, searched anywhere in the header, capitals told apart.
 */
export const LIST_FILES = ['bots', 'apps', 'libraries', 'browsers', 'devices', 'referrers'] as const;
export type ListFile = (typeof LIST_FILES)[number];

/** The categories that entries of a file may have. `deny` is ours: a referrer whose requests are not believed (IAB-09). */
export const CATEGORIES = {
  bots: [],
  apps: [],
  libraries: ['bot'],
  browsers: [],
  devices: ['mobile', 'smart_speaker', 'computer', 'smart_tv', 'watch', 'auto'],
  referrers: ['app', 'host', 'deny'],
} as const satisfies Record<ListFile, readonly string[]>;

/** One entry, with what decides and the examples that prove it. Other fields of a file are for people and not kept. */
export interface ListEntry {
  /** Unique in its file. */
  readonly name: string;
  readonly pattern: string;
  readonly category?: string | undefined;
  /** UTC dates (`2026-03-01`) from which, and until the beginning of which, the entry holds. Ours, not in the public format. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /**
   * It takes agents of a kind and knows none of them by name: a tenant may say what one of them is. Ours, not in the public
   * format.
   */
  readonly catchAll?: boolean | undefined;
  /** Headers that this entry must be the first to match. */
  readonly examples?: readonly string[] | undefined;
}

/** The six lists. */
export type ListEntries = Readonly<Record<ListFile, readonly ListEntry[]>>;

/**
 * Everything by which agents are classified, as it is stored: the six lists, and the general list of crawlers that is
 * asked about agents that none of them knows.
 */
export interface AgentListContent extends ListEntries {
  readonly crawlers: readonly ListEntry[];
}
