/**
 * Jest transformer that lets CommonJS-mode Jest load the ES modules of our dependencies (Nest 12 is one).
 *
 * It decides as Node does, by extension and by the nearest package.json:
 * - ES modules are compiled to CommonJS;
 * - CommonJS files are compiled only when they contain `import()`, which Jest's sandbox refuses;
 * - every other file is returned as it is.
 *
 * One difference from Node remains: a default import of a CommonJS file that sets `__esModule` yields its
 * `exports.default`, where Node yields the whole `module.exports`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { transformSync, version as swcVersion } from '@swc/core';

// Raise it whenever the output for the same input changes: it is part of Jest's cache key.
const TRANSFORMER_VERSION = '1';
const DYNAMIC_IMPORT = /\bimport\s*\(/;

/** @type {Map<string, boolean>} */
const esmDirectories = new Map();

/**
 * Whether Node reads `.js` files of this directory as ES modules.
 * @param {string} directory
 * @returns {boolean}
 */
function isEsmDirectory(directory) {
  const known = esmDirectories.get(directory);
  if (known !== undefined) return known;
  const isEsm =
    readPackageType(directory) ?? (dirname(directory) !== directory && isEsmDirectory(dirname(directory)));
  esmDirectories.set(directory, isEsm);
  return isEsm;
}

/**
 * True or false from this directory's own package.json, undefined when it has none.
 * @param {string} directory
 * @returns {boolean | undefined}
 */
function readPackageType(directory) {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')).type === 'module';
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/**
 * @param {string} source
 * @param {string} filename
 * @returns {'esm' | 'commonjs-with-import' | 'commonjs'}
 */
function moduleKind(source, filename) {
  const extension = extname(filename);
  if (extension === '.mjs' || (extension === '.js' && isEsmDirectory(dirname(filename)))) return 'esm';
  return DYNAMIC_IMPORT.test(source) ? 'commonjs-with-import' : 'commonjs';
}

/**
 * @param {string} source
 * @param {string} filename
 * @param {boolean} isEsm
 * @returns {string}
 */
function toCommonJs(source, filename, isEsm) {
  const { code } = transformSync(source, {
    filename,
    configFile: false,
    swcrc: false,
    sourceMaps: false,
    jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } },
    module: { type: 'commonjs', strictMode: isEsm, allowTopLevelThis: !isEsm },
  });
  // Inside a block a module may declare its own `__dirname`, `__filename`, `module` or `require`; at the top
  // of Jest's module function those names are parameters, and declaring them again is a syntax error.
  return isEsm ? `"use strict";{${code}\n}` : code;
}

export default {
  process(source, filename) {
    const kind = moduleKind(source, filename);
    return { code: kind === 'commonjs' ? source : toCommonJs(source, filename, kind === 'esm') };
  },
  getCacheKey(source, filename, { instrument }) {
    const parts = [
      TRANSFORMER_VERSION,
      swcVersion,
      moduleKind(source, filename),
      String(instrument),
      filename,
      source,
    ];
    return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
  },
};
