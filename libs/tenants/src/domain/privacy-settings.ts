/** What is done with addresses of the EEA, the United Kingdom and Switzerland: hashed whole, or cut before. */
export const EU_MODES = ['keyed_hash', 'truncate'] as const;
/** On what listeners are told from each other. With `unknown` they are not. */
export const LEGAL_BASES = ['consent', 'legitimate_interest', 'contract', 'unknown'] as const;

/** How far a tenant goes in telling listeners from each other. */
export interface PrivacySettings {
  readonly euMode: (typeof EU_MODES)[number];
  readonly legalBasis: (typeof LEGAL_BASES)[number];
  /** The tenant's number on the Global Vendor List of the TCF; null when it is not on it. */
  readonly tcfVendorId: number | null;
  /** Whether requests with Sec-GPC, or with DNT, are recorded without ids. */
  readonly honourGpc: boolean;
  readonly honourDnt: boolean;
  /**
   * How many days back an exposure is looked for that led to a sale, by address; null where addresses are not used for it.
   */
  readonly attributionLookbackDays: number | null;
}

/** What holds until a tenant decides otherwise. */
export const DEFAULT_PRIVACY_SETTINGS: PrivacySettings = {
  euMode: 'keyed_hash',
  legalBasis: 'legitimate_interest',
  tcfVendorId: null,
  honourGpc: false,
  honourDnt: false,
  attributionLookbackDays: null,
};
