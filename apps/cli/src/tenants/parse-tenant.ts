import { isUuid } from '@lib/primitives';
import { InvalidArgumentError } from 'commander';

/** Reads a tenant's id from the command line. @throws InvalidArgumentError, which commander reports */
export function parseTenant(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('A tenant id is a UUID.');
  return text.toLowerCase();
}
