import { randomBytes } from 'node:crypto';

/** A handle that nobody has: 64 random bits in hexadecimal. */
export function randomHandle(): string {
  return randomBytes(8).toString('hex');
}
