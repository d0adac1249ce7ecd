import { readTcString, type TcString } from './read-tc-string.js';

/** On what a listener may be told from others. `unknown`: on nothing. */
export const LEGAL_BASES = ['consent', 'legitimate_interest', 'contract', 'unknown'] as const;
export type LegalBasis = (typeof LEGAL_BASES)[number];

/** What a request says about consent, as it was sent. */
export interface ConsentSignals {
  /** Whether European law applies: `0` or `1`. */
  readonly gdpr?: string | undefined;
  /** A TC string of the Transparency and Consent Framework. */
  readonly gdprConsent?: string | undefined;
  /** The header Sec-GPC. */
  readonly secGpc?: string | undefined;
  /** The header DNT. */
  readonly dnt?: string | undefined;
}

/** What a tenant has stated about its own basis. */
export interface ConsentPolicy {
  /** For requests that say nothing: a redirect shows no dialogue, and an app sends no string. */
  readonly legalBasis: LegalBasis;
  /** The tenant on the Global Vendor List; null when it is not on it. Then the purposes alone decide. */
  readonly tcfVendorId: number | null;
  readonly honourGpc: boolean;
  readonly honourDnt: boolean;
}

export interface Consent {
  readonly basis: LegalBasis;
  /** Whether ids of the listener may be made. */
  readonly identifiers: boolean;
}

/** To measure advertising (7), to measure content (8), to learn about audiences (9). One id serves all three. */
const PURPOSES = [7, 8, 9];
/** Strings made since then say which vendors were shown (TCF 2.3). */
const DISCLOSURE_SINCE_MS = Date.UTC(2026, 1, 28);

const NONE: Consent = { basis: 'unknown', identifiers: false };

/**
 * Decides on what basis a request is recorded. Nothing is stored on or read from a device, so purpose 1 is not asked for.
 *
 * Where European law is said to apply, only a string that allows all three purposes does; one that is absent or malformed
 * allows nothing. A tenant that relies on consent has it only where a string proves it.
 */
export function readConsent(signals: ConsentSignals, policy: ConsentPolicy): Consent {
  if (policy.honourGpc && signals.secGpc === '1') return NONE;
  if (policy.honourDnt && signals.dnt === '1') return NONE;
  const { gdpr, gdprConsent } = signals;
  // Anything but a plain no is taken for a yes.
  const applies = gdpr === undefined ? gdprConsent !== undefined : gdpr !== '0';
  if (applies) return readString(gdprConsent, policy);
  const { legalBasis } = policy;
  return legalBasis === 'consent' || legalBasis === 'unknown'
    ? NONE
    : { basis: legalBasis, identifiers: true };
}

function readString(text: string | undefined, policy: ConsentPolicy): Consent {
  const tc = text === undefined ? undefined : readTcString(text, policy.tcfVendorId);
  if (tc === undefined || !isDisclosed(tc)) return NONE;
  const bases = PURPOSES.map((purpose) => basisFor(purpose, tc, policy));
  if (bases.includes(null)) return NONE;
  const isByConsent = bases.every((basis) => basis === 'consent');
  return { basis: isByConsent ? 'consent' : 'legitimate_interest', identifiers: true };
}

/** A vendor that was not shown has nothing to rely on. */
function isDisclosed({ createdAtMs, vendor }: TcString): boolean {
  if (vendor === null) return true;
  return vendor.disclosed ?? createdAtMs < DISCLOSURE_SINCE_MS;
}

function basisFor(
  purpose: number,
  { consents, interests, vendor }: TcString,
  { legalBasis }: ConsentPolicy,
): 'consent' | 'legitimate_interest' | null {
  const restriction = vendor?.restrictions.get(purpose);
  if (restriction === 'never') return null;
  const hasConsent = consents.has(purpose) && (vendor === null || vendor.consent);
  if (hasConsent && restriction !== 'interest') return 'consent';
  // Interest is announced for vendors by name: a string says nothing of it for somebody who is not on the list.
  const hasInterest = legalBasis === 'legitimate_interest' && interests.has(purpose) && vendor?.interest;
  return hasInterest === true && restriction !== 'consent' ? 'legitimate_interest' : null;
}
