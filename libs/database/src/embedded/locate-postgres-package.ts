import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { PostgresPackage } from './embedded-postgres.contract.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { platformPackageName } from './platform-package-name.js';

/**
 * Finds the platform package that npm installed for this machine, or the one in a directory of its own.
 * Throws `unsupported_platform` or `package_missing`.
 */
export async function locatePostgresPackage(directory?: string): Promise<PostgresPackage> {
  const name = platformPackageName(process.platform, process.arch);
  try {
    const programs: unknown = await import(
      directory === undefined ? name : join(directory, 'dist', 'index.js')
    );
    const postgres = programPath(programs, 'postgres');
    const found = resolve(dirname(postgres), '..', '..');
    return {
      directory: found,
      version: await readVersion(found),
      postgres,
      initdb: programPath(programs, 'initdb'),
      pgCtl: programPath(programs, 'pg_ctl'),
    };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'package_missing',
      `The package ${name} is not installed. Run npm ci without --omit=optional, or set DATABASE_URL.`,
      { cause },
    );
  }
}

function programPath(programs: unknown, program: string): string {
  const path: unknown = (programs as Record<string, unknown>)[program];
  if (typeof path !== 'string') throw new TypeError(`the package does not export ${program}`);
  return path;
}

async function readVersion(directory: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  return String((manifest as { version: unknown }).version);
}
