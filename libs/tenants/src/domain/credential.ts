import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `pa` a tenant's secret key, `pi` a public ingest token, `pp` a platform key. */
export const CREDENTIAL_PREFIXES = { secret: 'pa', ingest_token: 'pi', platform: 'pp' } as const;
export type CredentialKind = keyof typeof CREDENTIAL_PREFIXES;

const FORM = /^(pa|pi|pp)_live_([0-9A-Za-z]{16})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;
const kinds = new Map(
  Object.entries(CREDENTIAL_PREFIXES).map(([kind, prefix]) => [prefix as string, kind as CredentialKind]),
);

export interface Credential {
  readonly kind: CredentialKind;
  readonly keyId: string;
  readonly secret: string;
  /** The whole text, shown once: `pa_live_<keyId>_<secret><checksum>`. */
  readonly text: string;
}

/** A new credential: 95 random bits of id, 256 of secret, and a checksum by which leak scanners know it offline. */
export function mintCredential(kind: CredentialKind): Credential {
  const keyId = randomBase62(16);
  const secret = randomBase62(43);
  const body = `${CREDENTIAL_PREFIXES[kind]}_live_${keyId}_${secret}`;
  return { kind, keyId, secret, text: body + checksum(body) };
}

/** Reads a credential's text. Undefined when the form or the checksum is wrong, so that no query is spent on it. */
export function parseCredential(text: string): Credential | undefined {
  const [, prefix = '', keyId = '', secret = '', sum = ''] = FORM.exec(text) ?? [];
  const kind = kinds.get(prefix);
  if (kind === undefined || checksum(text.slice(0, -6)) !== sum) return undefined;
  return { kind, keyId, secret, text };
}

/** What is stored of a secret. It is random, so a fast keyed hash is enough; the pepper is not in the database. */
export function hashSecret(pepper: string, secret: string): Buffer {
  return createHmac('sha256', pepper).update(secret).digest();
}

/** Compares in constant time. */
export function secretMatches(pepper: string, secret: string, stored: Buffer): boolean {
  const hash = hashSecret(pepper, secret);
  return hash.length === stored.length && timingSafeEqual(hash, stored);
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let place = 0; place < 6; place += 1) {
    digits = BASE62.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 = 4 × 62: bytes above it would favour the first digits.
      if (byte < 248 && text.length < length) text += BASE62.charAt(byte % 62);
    }
  }
  return text;
}
