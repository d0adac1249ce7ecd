import { hash } from 'node:crypto';

/**
 * A UUID of version 5 (RFC 9562 §5.5): the same for the same namespace and name, everywhere.
 * @param namespace a UUID
 */
export function nameBasedUuid(namespace: string, name: string): string {
  const prefix = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  const hex = hash('sha1', Buffer.concat([prefix, Buffer.from(name)]), 'hex');
  const variant = ((parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
