import { existsSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join, resolve } from 'node:path';

const LIB_IMPORT = /^@lib\/([^/]+)$/;
const RELATIVE_JS_IMPORT = /^\.{1,2}\/.*\.js$/;

/**
 * Lets TypeScript files that Node itself loads in this process import `@lib/<name>` and `./file.js`.
 *
 * Jest runs `globalSetup` and `globalTeardown` outside its own module system: it compiles them, but its
 * `moduleNameMapper` does not apply there. Only imports made by `.ts` files are redirected.
 * @param {string} rootDir absolute path of the repository
 */
export function resolveTypeScriptSources(rootDir) {
  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, parent, ...rest) => {
    const source = parent?.filename?.endsWith('.ts')
      ? sourceOf(request, parent.filename, rootDir)
      : undefined;
    return resolveFilename(source ?? request, parent, ...rest);
  };
}

/**
 * @param {string} request
 * @param {string} importer
 * @param {string} rootDir
 * @returns {string | undefined}
 */
function sourceOf(request, importer, rootDir) {
  const lib = LIB_IMPORT.exec(request)?.[1];
  if (lib !== undefined) return join(rootDir, 'libs', lib, 'src', 'index.ts');
  if (!RELATIVE_JS_IMPORT.test(request)) return undefined;
  const source = resolve(dirname(importer), request.replace(/\.js$/, '.ts'));
  return existsSync(source) ? source : undefined;
}
