import { isUuid } from '@lib/primitives';
import { InvalidArgumentError } from 'commander';

/** Reads a podcast's id from the command line. @throws InvalidArgumentError, which commander reports */
export function parsePodcast(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('A podcast id is a UUID.');
  return text.toLowerCase();
}
