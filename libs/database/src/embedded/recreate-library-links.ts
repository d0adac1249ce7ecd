import { readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

interface LibraryLink {
  /** The real file, relative to the package. */
  readonly source: string;
  /** The link that the programs look for, relative to the package. */
  readonly target: string;
}

/** What symlink() answers when the link exists, or when we may not write there. */
const expected: ReadonlySet<string> = new Set(['EEXIST', 'EACCES', 'EPERM', 'EROFS']);

/**
 * Creates the shared-library links listed in `native/pg-symlinks.json` of a platform package. npm packages carry
 * no links, and the package's install script does not run under `npm ci --ignore-scripts`.
 * Links that exist, and a package that we may not write to, are left alone: whether PostgreSQL runs is checked
 * afterwards.
 */
export async function recreateLibraryLinks(packageDirectory: string): Promise<void> {
  for (const { source, target } of await readLinks(packageDirectory)) {
    await symlink(relative(dirname(target), source), join(packageDirectory, target)).catch(ignoreExpected);
  }
}

async function readLinks(packageDirectory: string): Promise<readonly LibraryLink[]> {
  try {
    return JSON.parse(
      await readFile(join(packageDirectory, 'native', 'pg-symlinks.json'), 'utf8'),
    ) as LibraryLink[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function ignoreExpected(error: NodeJS.ErrnoException): void {
  if (!expected.has(error.code ?? '')) throw error;
}
