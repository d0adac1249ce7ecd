import { BitReader } from './bit-reader.js';

/** What a TC string of the Transparency and Consent Framework, version 2, says about one vendor. */
export interface TcString {
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  /** Numbers of the purposes that the person consented to. */
  readonly consents: ReadonlySet<number>;
  /** Purposes for which legitimate interest was announced, and not objected to. */
  readonly interests: ReadonlySet<number>;
  /** Null when no vendor was asked for. */
  readonly vendor: TcVendor | null;
}

export interface TcVendor {
  readonly consent: boolean;
  readonly interest: boolean;
  /** Whether the person was shown the vendor; null when the string does not say so. */
  readonly disclosed: boolean | null;
  /** What the publisher allows the vendor to rely on, by purpose: `never`, or only the basis that is named. */
  readonly restrictions: ReadonlyMap<number, 'never' | 'consent' | 'interest'>;
}

/** Real ones take some hundred characters, and a request line is not much longer. */
const LONGEST = 8_192;
const VERSION = 2;
const PURPOSES = 24;
const DISCLOSED_SEGMENT = 1;
const RESTRICTIONS = ['never', 'consent', 'interest'] as const;
/** Screen, language, versions and flags of the dialogue. */
const DIALOGUE_BITS = 12 + 12 + 6 + 12 + 12 + 6 + 1 + 1 + 12;

/**
 * Reads a TC string, in time that grows with its length alone: lists of vendors are walked, never unfolded, since a few
 * characters can name millions. Anybody may send anything.
 * @returns undefined for what is malformed
 */
export function readTcString(text: string, vendorId: number | null): TcString | undefined {
  if (text.length > LONGEST) return undefined;
  const [core, ...others] = text.split('.').map((segment) => BitReader.of(segment));
  if (core === undefined || others.includes(undefined)) return undefined;
  const read = readCore(core, vendorId);
  const disclosed = vendorId === null ? null : readDisclosed(others as BitReader[], vendorId);
  if (core.isOverrun || others.some((segment) => segment?.isOverrun) || read === undefined) return undefined;
  return { ...read, vendor: read.vendor && { ...read.vendor, disclosed } };
}

function readCore(bits: BitReader, vendorId: number | null): TcString | undefined {
  if (bits.number(6) !== VERSION) return undefined;
  const createdAtMs = bits.number(36) * 100;
  bits.skip(36 + DIALOGUE_BITS);
  const consents = readPurposes(bits);
  const interests = readPurposes(bits);
  bits.skip(1 + 12);
  if (vendorId === null) return { createdAtMs, consents, interests, vendor: null };
  const consent = readsVendor(bits, vendorId);
  const interest = readsVendor(bits, vendorId);
  const restrictions = readRestrictions(bits, vendorId);
  return { createdAtMs, consents, interests, vendor: { consent, interest, disclosed: null, restrictions } };
}

function readPurposes(bits: BitReader): Set<number> {
  const purposes = new Set<number>();
  for (let purpose = 1; purpose <= PURPOSES; purpose += 1) if (bits.flag()) purposes.add(purpose);
  return purposes;
}

/** Whether a list of vendors, as bits or as ranges, holds the vendor. */
function readsVendor(bits: BitReader, vendorId: number): boolean {
  const highest = bits.number(16);
  if (bits.flag()) return readsRanges(bits, vendorId);
  const field = bits.position;
  bits.skip(highest);
  return vendorId <= highest && bits.flagAt(field + vendorId - 1);
}

function readsRanges(bits: BitReader, vendorId: number): boolean {
  let isIn = false;
  for (let left = bits.number(12); left > 0 && !bits.isOverrun; left -= 1) {
    const isRange = bits.flag();
    const first = bits.number(16);
    const last = isRange ? bits.number(16) : first;
    if (vendorId >= first && vendorId <= last) isIn = true;
  }
  return isIn;
}

function readRestrictions(bits: BitReader, vendorId: number): TcVendor['restrictions'] {
  const restrictions = new Map<number, 'never' | 'consent' | 'interest'>();
  for (let left = bits.number(12); left > 0 && !bits.isOverrun; left -= 1) {
    const purpose = bits.number(6);
    const restriction = RESTRICTIONS[bits.number(2)];
    if (readsRanges(bits, vendorId) && restriction !== undefined && restrictions.get(purpose) !== 'never')
      restrictions.set(purpose, restriction);
  }
  return restrictions;
}

function readDisclosed(segments: readonly BitReader[], vendorId: number): boolean | null {
  for (const segment of segments)
    if (segment.number(3) === DISCLOSED_SEGMENT) return readsVendor(segment, vendorId);
  return null;
}
