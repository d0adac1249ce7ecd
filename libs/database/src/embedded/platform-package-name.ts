import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

const published: ReadonlySet<string> = new Set([
  'linux-x64',
  'linux-arm64',
  'darwin-x64',
  'darwin-arm64',
  'windows-x64',
]);

/**
 * Name of the npm package that holds PostgreSQL's programs for an operating system and processor, both as Node
 * spells them. Throws `unsupported_platform` where no package is published.
 */
export function platformPackageName(platform: string, processor: string): string {
  const key = `${platform === 'win32' ? 'windows' : platform}-${processor}`;
  if (!published.has(key)) {
    throw new EmbeddedPostgresError(
      'unsupported_platform',
      `There is no embedded PostgreSQL for ${key}. Set DATABASE_URL to a PostgreSQL server of your own.`,
    );
  }
  return `@embedded-postgres/${key}`;
}
