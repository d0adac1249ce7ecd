import { isUuid } from '@lib/primitives';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Reads an event's id, a UUID or a ULID, as a lower-case UUID. Undefined when it is neither. */
export function parseEventId(text: string): string | undefined {
  if (isUuid(text)) return text.toLowerCase();
  const ulid = text.toUpperCase();
  if (!ULID.test(ulid)) return undefined;
  let bits = 0n;
  for (const digit of ulid) bits = bits * 32n + BigInt(CROCKFORD.indexOf(digit));
  const hex = bits.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
