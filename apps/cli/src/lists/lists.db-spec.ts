import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@lib/testing';
import type { Finding } from '../doctor/finding.js';
import { runCli } from '../run-cli.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'podcast-lists-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await database.owner.query('DELETE FROM lists');
});

async function podcast(...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(args, {
    environment: {
      DATABASE_URL: database.urls.app,
      MAINTENANCE_DATABASE_URL: database.urls.maintenance,
      ADMIN_DATABASE_URL: database.urls.admin,
      QUEUE_DATABASE_URL: database.urls.queue,
      API_KEY_PEPPER: 'a pepper that is only good for tests',
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: () => Promise.resolve(undefined),
    columns: 160,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}

const FILES = ['bots', 'apps', 'libraries', 'browsers', 'devices', 'referrers'];

/** Writes a list with these apps, and one entry in every other file, into a folder of its own. */
async function listOf(
  name: string,
  ...apps: { name: string; pattern: string; examples?: string[] }[]
): Promise<string> {
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  for (const file of FILES) {
    const entries = file === 'apps' ? apps : [{ name: 'Any', pattern: `^any-${file}$` }];
    await writeFile(join(place, `${file}.json`), JSON.stringify({ entries }));
  }
  return place;
}

async function networks(name: string, ...lines: string[]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, ['cidr,class,asn,country', ...lines].join('\n'));
  return path;
}

describe('podcast lists update', () => {
  test('says what was loaded and what is different', async () => {
    const first = await listOf(
      'first',
      { name: 'Lanternfish', pattern: '^Lanternfish/' },
      { name: 'Heron', pattern: 'x' },
    );
    const loaded = await podcast('lists', 'update', '--agents', first);
    expect(loaded).toMatchObject({ exitCode: 0, errors: '' });
    expect(loaded.out).toMatch(/^Agents {4}[0-9a-f]{64} \(new\), in force now$/m);
    expect(loaded.out).toContain('Entries   bots 1, apps 2,');
    expect(loaded.out).toContain('against the built-in list');

    const second = await listOf(
      'second',
      { name: 'Grebe', pattern: '^Grebe/' },
      { name: 'Heron', pattern: 'y' },
    );
    const changed = await podcast('lists', 'update', '--agents', second);
    const hash = /[0-9a-f]{64}/.exec(loaded.out)?.[0] ?? '';
    expect(changed.out).toContain(`against ${hash.slice(0, 12)}:`);
    expect(changed.out).toContain('apps: 1 added, 1 removed, 1 changed');
    expect(changed.out).toContain('+ Grebe');
    expect(changed.out).toContain('− Lanternfish');
    expect(changed.out).toContain('~ Heron');

    const again = await podcast('lists', 'update', '--agents', second);
    expect(again.out).toContain('(was stored before), in force now');
    expect(again.out).toMatch(/^ +none$/m);
  });

  test('loads networks, alone or with agents', async () => {
    const file = await networks('networks.csv', '192.0.2.0/24,hosting,64500,US', '198.51.100.0/24,vpn,,');
    const { exitCode, out } = await podcast(
      'lists',
      'update',
      '--networks',
      file,
      '--agents',
      await listOf('both', { name: 'x', pattern: 'x' }),
    );
    expect(exitCode).toBe(0);
    expect(out).toContain('Entries   blocks 2, hosting 1, vpn 1');
    expect(out).toContain('2 blocks added, 0 removed, 0 changed');
    expect(out).toMatch(/^Agents /m);
  });

  test('refuses a list as a whole, and says where it is wrong', async () => {
    const bad = await listOf('bad', { name: 'Greedy', pattern: '(?=x)' });
    expect(await podcast('lists', 'update', '--agents', bad)).toEqual({
      exitCode: 1,
      out: '',
      errors: 'apps: the pattern of "Greedy" is refused: look-around needs an engine that can blow up',
    });
    const wrong = await listOf('wrong', { name: 'Wrong', pattern: 'a', examples: ['b'] });
    expect((await podcast('lists', 'update', '--agents', wrong)).errors).toContain(
      '"Wrong" should be found for "b"',
    );
    const file = await networks('bad.csv', '192.0.2.0/24,home,,');
    expect((await podcast('lists', 'update', '--networks', file)).errors).toContain(
      'networks, line 2: "home" is no class',
    );
    expect(await podcast('lists', 'update', '--agents', await listOf('empty'))).toEqual({
      exitCode: 1,
      out: '',
      errors: 'apps: there is no entry',
    });
    const bare = await networks('bare.csv');
    expect((await podcast('lists', 'update', '--networks', bare)).errors).toContain(
      'networks: there is no line',
    );
    expect((await podcast('lists', 'show')).out).not.toContain('in force');
  });

  test('needs something to load, and says what it cannot read', async () => {
    expect((await podcast('lists', 'update')).errors).toBe('Say what to load: --agents or --networks.');
    expect((await podcast('lists', 'update', '--agents', join(folder, 'nowhere'))).errors).toContain(
      'ENOENT',
    );
    expect((await podcast('lists', 'update', '--agents', 'http://lists.example')).errors).toContain(
      'https only',
    );
    expect((await podcast('lists', 'update', '--agents', 'https://127.0.0.1/x')).errors).toContain(
      'feed_address_refused',
    );
  });
});

test('podcast lists show and activate go back to a version', async () => {
  const empty = await podcast('lists', 'show');
  expect(empty.out).toContain('the small list that comes with the product');
  expect(empty.out).toContain('No networks are loaded');
  const load = async (name: string) =>
    /[0-9a-f]{64}/.exec(
      (await podcast('lists', 'update', '--agents', await listOf(name, { name, pattern: name }))).out,
    )?.[0];
  const [older, newer] = [await load('older'), await load('newer')];
  const firstLine = async () =>
    (await podcast('lists', 'show')).out.split('\n').find((line) => line.includes('in force'));
  expect(await firstLine()).toContain(newer?.slice(0, 12));
  const { out } = await podcast('lists', 'activate', older?.slice(0, 12) ?? '');
  expect(out).toContain(`In force for agents: ${older ?? ''}`);
  expect(await firstLine()).toContain(older?.slice(0, 12));
  expect((await podcast('lists', 'activate', '00000000')).errors).toContain('No stored list');
});

test('podcast doctor says which lists are in force', async () => {
  const find = async (check: string) => {
    const { out } = await podcast('doctor', '--json', '--read-only');
    return (JSON.parse(out) as { findings: Finding[] }).findings.find((finding) => finding.check === check);
  };
  expect(await find('agent list')).toMatchObject({
    verdict: 'ok',
    detail: expect.stringContaining('comes with the product'),
  });
  expect(await find('network list')).toMatchObject({
    verdict: 'warn',
    detail: expect.stringContaining('data centres'),
  });
  const place = await listOf('doctor', { name: 'x', pattern: 'x' });
  const file = await networks('doctor.csv', '192.0.2.0/24,hosting,64500,US');
  await podcast('lists', 'update', '--agents', place, '--networks', file);
  expect(await find('agent list')).toMatchObject({
    verdict: 'ok',
    detail: expect.stringContaining(`from ${place}`),
  });
  expect(await find('network list')).toMatchObject({
    verdict: 'ok',
    detail: expect.stringContaining(`from ${file}`),
  });
});
