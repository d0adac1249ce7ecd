import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createFileOnce } from './create-file-once.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/** 192 random bits in characters that need no quoting in SQL, URLs or shells. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

/**
 * The strings kept in a JSON file. When the file does not exist it is created, mode 0600 in a directory of mode
 * 0700, with the given content; of several processes at once, all get what the first one wrote.
 * Throws `secret_unreadable` when it is not an object of strings.
 */
export async function readOrCreateSecrets(
  path: string,
  initial: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await createFileOnce(path, format(initial));
  await chmod(path, 0o600);
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new EmbeddedPostgresError('secret_unreadable', `${path} is damaged. Restore it.`, { cause });
  }
}

/** Replaces the content of a secrets file; a reader sees the old or the new content, never a part. */
export async function replaceSecrets(path: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, format(secrets), { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
}

function format(secrets: Readonly<Record<string, string>>): string {
  return `${JSON.stringify(secrets, null, 2)}\n`;
}

function parse(content: string): Record<string, string> {
  const value: unknown = JSON.parse(content);
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.values(value).some((each) => typeof each !== 'string')
  ) {
    throw new TypeError('expected an object of strings');
  }
  return value as Record<string, string>;
}
