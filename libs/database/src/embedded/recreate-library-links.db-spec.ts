import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { locatePostgresPackage } from './locate-postgres-package.js';
import { recreateLibraryLinks } from './recreate-library-links.js';

const run = promisify(execFile);
const onLinuxOnly = process.platform === 'linux' ? test : test.skip;
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'embedded-spec-'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

onLinuxOnly('PostgreSQL runs from a package that was installed without its install script', async () => {
  const installed = await locatePostgresPackage();
  await cp(join(installed.directory, 'native'), join(copy, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const list = await readFile(join(copy, 'native', 'pg-symlinks.json'), 'utf8');
  const links = JSON.parse(list) as { target: string }[];
  await Promise.all(links.map(({ target }) => rm(join(copy, target), { force: true })));
  const postgres = join(copy, 'native', 'bin', 'postgres');
  await expect(run(postgres, ['--version'])).rejects.toThrow('cannot open shared object file');

  await recreateLibraryLinks(copy);
  expect((await run(postgres, ['--version'])).stdout).toContain('PostgreSQL');
  await recreateLibraryLinks(copy);
});
