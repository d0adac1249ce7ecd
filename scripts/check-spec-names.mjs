/** Fails when a file that ends in `spec.ts` belongs to none of the Jest projects, and would never run. */
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import jestConfig from '../jest.config.mjs';

const root = resolve(import.meta.dirname, '..');
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.data', '.git']);

/**
 * @param {string} folder
 * @returns {string[]} absolute paths
 */
function findSpecs(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : findSpecs(path);
    return entry.name.endsWith('spec.ts') ? [path] : [];
  });
}

/** @param {string} path */
const runsSomewhere = (path) =>
  jestConfig.projects.some(
    ({ roots, testRegex }) =>
      roots.some((folder) => path.startsWith(`${folder.replace('<rootDir>', root)}/`)) &&
      testRegex.some((pattern) => new RegExp(pattern).test(path)),
  );

const lost = findSpecs(root).filter((path) => !runsSomewhere(path));
for (const path of lost) {
  console.error(
    `${relative(root, path)}: no Jest project runs it; name it *.spec.ts, *.db-spec.ts or *.e2e-spec.ts`,
  );
}
process.exitCode = lost.length > 0 ? 1 : 0;
