/**
 * An address as eight UTF-16 code units of 16 bits each, IPv4 in its place among IPv6 (`::ffff:a.b.c.d`). Never shown or
 * stored: it is short, one for each way of writing an address, and texts compare as the addresses do, far faster than
 * bigints.
 */
export type AddressKey = string;

/** The key of the address after this one; undefined after the last of all. */
export function nextAddress(key: AddressKey): AddressKey | undefined {
  for (let at = key.length - 1; at >= 0; at -= 1) {
    const unit = key.charCodeAt(at);
    if (unit < 0xffff)
      return key.slice(0, at) + String.fromCharCode(unit + 1) + '\0'.repeat(key.length - 1 - at);
  }
  return undefined;
}
