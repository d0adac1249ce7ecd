import { hash } from 'node:crypto';

const PREFIX_BYTES = 16;
/** UTF-8 takes at most three bytes for each unit of a JavaScript string. */
const BYTES_A_UNIT = 3;

/** Where names are written to be hashed: to make a buffer for each line of a log costs more than to hash it. */
const scratch = Buffer.alloc(8_192);
/** Its first bytes, by their number: to make such a view takes a third of the time of hashing it. */
const views: Buffer[] = [];

/**
 * UUIDs of version 5 (RFC 9562 §5.5) of one namespace: the same for the same namespace and name, everywhere.
 * @param namespace a UUID
 */
export function nameBasedUuids(namespace: string): (name: string) => string {
  const prefix = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  return (name) => formatUuid(hash('sha1', prefixed(prefix, name), 'hex'));
}

function prefixed(prefix: Buffer, name: string): Buffer {
  if (PREFIX_BYTES + name.length * BYTES_A_UNIT > scratch.length)
    return Buffer.concat([prefix, Buffer.from(name)]);
  prefix.copy(scratch);
  const length = PREFIX_BYTES + scratch.write(name, PREFIX_BYTES);
  return (views[length] ??= scratch.subarray(0, length));
}

function formatUuid(hex: string): string {
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
