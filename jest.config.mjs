import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveTypeScriptSources } from './scripts/resolve-typescript-sources.mjs';

const rootDir = import.meta.dirname;
const { $schema, exclude, ...swcOptions } = JSON.parse(readFileSync(join(rootDir, '.swcrc'), 'utf8'));

resolveTypeScriptSources(rootDir);

/** @param {string} path absolute or relative to the repository */
const present = (path) => existsSync(join(rootDir, path));

/**
 * What the three projects share. Jest runs in CommonJS mode: its ES module mode cannot load CommonJS packages
 * that require ES modules before Node 24.9.
 */
const shared = {
  rootDir,
  roots: ['apps', 'libs', 'scripts'].filter(present).map((folder) => `<rootDir>/${folder}`),
  testEnvironment: 'node',
  transform: {
    '\\.ts$': ['@swc/jest', { ...swcOptions, swcrc: false, module: { type: 'commonjs' } }],
    '\\.[cm]?js$': '<rootDir>/scripts/jest-esm-transformer.mjs',
  },
  transformIgnorePatterns: [],
  moduleNameMapper: {
    '^@lib/([^/]+)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
};

/** Real servers: started once for both projects, and given time. */
const withServers = {
  ...shared,
  setupFilesAfterEnv: ['<rootDir>/scripts/jest-server-timeout.mjs'],
  ...(present('libs/testing/src/global-setup.ts') && {
    globalSetup: '<rootDir>/libs/testing/src/global-setup.ts',
  }),
  ...(present('libs/testing/src/global-teardown.ts') && {
    globalTeardown: '<rootDir>/libs/testing/src/global-teardown.ts',
  }),
};

/** @type {import('jest').Config} */
export default {
  maxWorkers: 2,
  projects: [
    { ...shared, displayName: 'unit', testRegex: ['\\.spec\\.ts$'] },
    { ...withServers, displayName: 'db', testRegex: ['\\.db-spec\\.ts$'] },
    { ...withServers, displayName: 'e2e', testRegex: ['\\.e2e-spec\\.ts$'] },
  ],
};
