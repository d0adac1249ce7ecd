/** That what is stored of a listener is scrubbed, or shown. */
export const PRIVACY_REQUEST_KINDS = ['erasure', 'export'] as const;
export type PrivacyRequestKind = (typeof PRIVACY_REQUEST_KINDS)[number];

/** Dictionaries whose texts can be so rare that they name a listener. */
export const TEXT_TABLES = ['user_agents', 'referrers', 'paths'] as const;
export type TextTable = (typeof TEXT_TABLES)[number];

/** The tables in which something of a listener can stand. */
export type PersonalTable =
  TextTable | 'listener_events' | 'downloads' | 'count_carry' | 'quarantines' | 'exports';

/** What became of a request so far. Kept in the ledger, so nothing here names the listener. */
export interface PrivacyReport {
  /** The first UTC day of which a key was left to find the listener by; null when ids were given. */
  readonly foundFrom: string | null;
  /** Rows found, by table. An erasure has scrubbed or removed them. */
  readonly rows: Partial<Record<PersonalTable, number>>;
  /** UTC days, `YYYY-MM-DD`, on which requests were found. An erasure has them counted again. */
  readonly days: readonly string[];
  /** Where the search stands: UTC days before this one are done. Null before the first. */
  readonly searchedBefore: string | null;
  /** When every day had been searched, ISO 8601. */
  readonly searchedAt: string | null;
  /** Ids of texts that scrubbed rows named: they go too unless another row names them. */
  readonly texts: Readonly<Record<TextTable, readonly string[]>>;
}

/** A row of the ledger. Erasures stay in it for good, so that they can be applied again to a database that was restored. */
export interface PrivacyRequest {
  readonly id: string;
  readonly kind: PrivacyRequestKind;
  /** Keyed ids of 64 bits, as texts. */
  readonly listenerIds: readonly string[];
  readonly state: 'queued' | 'done' | 'failed';
  readonly requestedBy: string;
  /** What happened, or came in, up to then is what the request is about. */
  readonly requestedAt: Date;
  readonly doneAt: Date | null;
  readonly report: PrivacyReport;
}

/** The report of a request that nothing was done about yet. */
export function newReport(foundFrom: string | null): PrivacyReport {
  const texts = { user_agents: [], referrers: [], paths: [] };
  return { foundFrom, rows: {}, days: [], searchedBefore: null, searchedAt: null, texts };
}

/** What one step of the work found. */
export interface Found {
  readonly rows: Partial<Record<PersonalTable, number>>;
  readonly texts?: Readonly<Record<TextTable, readonly string[]>>;
}

/** Adds what one step found. @param day the UTC day that it was found on, if it has one */
export function addFound(report: PrivacyReport, found: Found, day: string | null): PrivacyReport {
  const rows = { ...report.rows };
  let total = 0;
  for (const [table, count = 0] of Object.entries(found.rows) as [PersonalTable, number | undefined][]) {
    if (count > 0) rows[table] = (rows[table] ?? 0) + count;
    total += count;
  }
  const isNew = day !== null && total > 0 && !report.days.includes(day);
  return {
    ...report,
    rows,
    days: isNew ? [...report.days, day] : report.days,
    texts: {
      user_agents: union(report.texts.user_agents, found.texts?.user_agents),
      referrers: union(report.texts.referrers, found.texts?.referrers),
      paths: union(report.texts.paths, found.texts?.paths),
    },
  };
}

function union(known: readonly string[], more: readonly string[] = []): readonly string[] {
  return more.length === 0 ? known : [...new Set([...known, ...more])];
}
