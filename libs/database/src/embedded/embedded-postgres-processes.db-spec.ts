import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { locatePostgresPackage } from './locate-postgres-package.js';
import { isAlive } from './postmaster-process.js';

/**
 * Starts of whole Node processes: one that is killed, one in a private clone as root, one as an ordinary user.
 * The launcher is compiled into a directory of its own, so that the tests need no build.
 */
const sources = dirname(fileURLToPath(import.meta.url));
const asRoot = process.geteuid?.() === 0;
const asRootOnly = asRoot ? test : test.skip;
const onLinuxOnly = process.platform === 'linux' ? test : test.skip;
const ordinaryUser = 65_534;
const reachable = [process.cwd(), process.execPath, tmpdir()].every(openToAll);
const asUserOnly = asRoot && reachable ? test : test.skip;
const whyNotAsUser = !asRoot
  ? ' (skipped: the other tests are one)'
  : reachable
    ? ''
    : ' (skipped: node, the repository or the temporary directory is closed to other users)';

const program = `
import { startEmbeddedPostgres } from './index.js';
import { Client } from 'pg';
const [dataDir, mode] = process.argv.slice(2);
const server = await startEmbeddedPostgres({ dataDir, log: (line) => console.error(line) });
const client = new Client({ connectionString: server.url(server.superuser, server.superuserPassword, 'postgres') });
await client.connect();
await client.query('CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())');
await client.query('INSERT INTO starts DEFAULT VALUES');
const { rows } = await client.query('SELECT count(*)::int AS starts, current_setting($1) AS data FROM starts', [
  'data_directory',
]);
await client.end();
console.log(JSON.stringify({ pid: server.pid, ...rows[0] }));
if (mode === 'hold') setInterval(() => undefined, 1000);
else await server.stop();
`;

interface Report {
  readonly pid: number;
  /** How often this cluster was started. */
  readonly starts: number;
  readonly data: string;
}

let parent: string;
/** Directories that root starts created outside the clone. */
const outside: string[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'embedded-spec-'));
  await chmod(parent, 0o755);
});

afterAll(async () => {
  await Promise.all([parent, ...outside].map((directory) => rm(directory, { recursive: true, force: true })));
});

function openToAll(path: string): boolean {
  return path === dirname(path) || ((statSync(path).mode & 0o001) !== 0 && openToAll(dirname(path)));
}

async function compileLauncher(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const files = (await readdir(sources)).filter((name) => name.endsWith('.ts') && !name.endsWith('spec.ts'));
  for (const name of files) {
    const { code } = await transformFile(join(sources, name), {
      swcrc: false,
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    await writeFile(join(directory, name.replace(/ts$/, 'js')), code);
  }
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(join(directory, 'main.js'), program);
}

function startProcess(clone: string, mode: 'hold' | 'stop', uid?: number): ChildProcess {
  const identity = uid === undefined ? {} : { uid, gid: uid };
  const parameters = [join(clone, 'main.js'), join(clone, '.data'), mode];
  return spawn(process.execPath, parameters, {
    cwd: clone,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
}

async function readReport(child: ChildProcess): Promise<Report> {
  if (!child.stdout) throw new Error('the process has no output');
  for await (const line of createInterface(child.stdout)) return JSON.parse(line) as Report;
  throw new Error(`the process ended without a report: ${await readErrors(child)}`);
}

async function readErrors(child: ChildProcess): Promise<string> {
  return child.stderr ? text(child.stderr) : '';
}

async function startAndStop(clone: string, uid?: number): Promise<Report> {
  const child = startProcess(clone, 'stop', uid);
  const ended = once(child, 'exit');
  const report = await readReport(child);
  expect(await ended).toEqual([0, null]);
  expect(await isAlive(report.pid)).toBe(false);
  return report;
}

async function goneWithin(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    if (!(await isAlive(pid))) return true;
    await sleep(20);
  }
  return false;
}

describe('the process that starts PostgreSQL', () => {
  onLinuxOnly('takes it along, cleanly, when it is killed', async () => {
    const clone = join(parent, 'killed');
    await compileLauncher(clone);
    await symlink(join(process.cwd(), 'node_modules'), join(clone, 'node_modules'));
    const child = startProcess(clone, 'hold');
    const ended = once(child, 'exit');
    const { pid, data } = await readReport(child);
    expect(await isAlive(pid)).toBe(true);
    child.kill('SIGKILL');
    await ended;
    expect(await goneWithin(pid, 10_000)).toBe(true);
    expect(await readFile(join(data, '..', 'server.log'), 'utf8')).toMatch(/database system is shut down\n$/);
    expect((await startAndStop(clone)).starts).toBe(2);
  });

  asRootOnly(`may be root in a private clone${asRoot ? '' : ' (skipped: needs root)'}`, async () => {
    const clone = join(parent, 'private', 'clone');
    await compileLauncher(clone);
    await chmod(dirname(clone), 0o700);
    const installed = await locatePostgresPackage();
    const modules = join(clone, 'node_modules');
    await cp(installed.directory, installed.directory.replace(/^.*\/node_modules/, modules), {
      recursive: true,
      verbatimSymlinks: true,
    });
    await symlink(join(process.cwd(), 'node_modules', 'pg'), join(modules, 'pg'));

    const first = await startAndStop(clone);
    outside.push(dirname(first.data));
    expect(first.data.startsWith(clone)).toBe(false);
    expect(await startAndStop(clone)).toMatchObject({ starts: 2, data: first.data });
    await chmod(dirname(clone), 0o755);
    expect(await startAndStop(clone)).toMatchObject({ starts: 3, data: first.data });

    await rm(dirname(first.data), { recursive: true });
    const lost = startProcess(clone, 'stop');
    expect(await readErrors(lost)).toContain("code: 'cluster_missing'");
  });

  asUserOnly(`may be an ordinary user${whyNotAsUser}`, async () => {
    const clone = join(parent, 'ordinary');
    await compileLauncher(clone);
    await symlink(join(process.cwd(), 'node_modules'), join(clone, 'node_modules'));
    await chown(clone, ordinaryUser, ordinaryUser);
    expect((await startAndStop(clone, ordinaryUser)).data).toBe(join(clone, '.data', 'postgres', 'data'));
  });
});
