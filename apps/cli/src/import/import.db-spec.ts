import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, createTestTenant, type TestDatabase, type TestTenant } from '@lib/testing';
import { runCli } from '../run-cli.js';

const HOST = 'audio.dailyledger.example';
let database: TestDatabase;
let directory: string;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = mkdtempSync(join(tmpdir(), 'podcast-logs-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database);
  await database.owner.query('UPDATE episodes SET media_key = $2 WHERE tenant_id = $1 AND id = $3', [
    tenant.tenantId,
    `${HOST}/1.mp3`,
    tenant.episodeIds[0],
  ]);
});

const importLog = (...args: string[]) => podcast('import', 'log', '--tenant', tenant.tenantId, ...args);

async function podcast(...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(args, {
    environment: {
      DATABASE_URL: database.urls.app,
      MAINTENANCE_DATABASE_URL: database.urls.maintenance,
      API_KEY_PEPPER: 'a pepper that is only good for tests',
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: () => Promise.resolve(undefined),
    columns: 120,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}

function file(name: string, content: string | Buffer): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}
const line = (second: number, path = '/1.mp3') =>
  `203.0.113.7 - - [15/Oct/2026:10:00:${String(second).padStart(2, '0')} +0000] "GET ${path} HTTP/1.1" 200 500 "-" "AntennaPod/3.9.4"\n`;

async function stored(): Promise<number> {
  const { rows } = await database.owner.query('SELECT 1 FROM listener_events WHERE tenant_id = $1', [
    tenant.tenantId,
  ]);
  return rows.length;
}

describe('podcast import log', () => {
  test('stores requests and says what became of every line', async () => {
    const path = file('one.log', `${line(1)}${line(2)}${line(3, '/cover.jpg')}nonsense\n`);
    const { exitCode, out, errors } = await importLog('--file', path, '--host', HOST);
    expect([exitCode, errors]).toEqual([0, 'Line 4 breaks the rule form']);
    expect(out).toBe(
      [
        `File        ${path} (combined)`,
        'Lines       4',
        'Stored      3, 1 of them ask for no episode',
        'Duplicates  0',
        'Faults      1: form 1',
      ].join('\n'),
    );
    expect(await stored()).toBe(3);
  });

  test('takes several files, packed or not, and each of them once', async () => {
    const paths = [file('a.log', line(1)), file('b.log.gz', gzipSync(line(2)))];
    expect((await importLog('--file', ...paths, '--host', HOST)).exitCode).toBe(0);
    copyFileSync(paths[0]!, join(directory, 'copy.log'));
    const again = await importLog('--file', join(directory, 'copy.log'), '--host', HOST);
    expect(again.out).toContain('imported before: nothing changed');
    expect(await stored()).toBe(2);
  });

  test('knows a format by its text and a host by its alias', async () => {
    const path = file(
      'custom.log',
      '1792058400.250|::1|d111.cloudfront.net|GET|/1.mp3|206|500|bytes=0-499\n',
    );
    const format =
      '$msec|$remote_addr|$host|$request_method|$request_uri|$status|$body_bytes_sent|$http_range';
    const { out } = await importLog(
      '--file',
      path,
      '--format',
      format,
      '--host-alias',
      `d111.cloudfront.net=${HOST}`,
    );
    expect(out).toMatch(/^Stored {6}1$/m);
  });

  test.each([
    [
      'a log without an episode',
      [line(1, '/2.mp3')],
      ['--host', HOST],
      /None.*hosts asked: audio\.dailyledger\.example.*Nothing was stored/,
    ],
    ['a log of no known format', ['what is this?\n'], [], /format of this log/],
    ['a format that cannot be read', [line(1)], ['--format', '$remote_addr'], /log format cannot be read/],
  ])('%s is refused', async (_, [content], args, message) => {
    const path = file('refused.log', content!);
    const { exitCode, errors } = await importLog('--file', path, ...args);
    expect(exitCode).toBe(1);
    expect(errors).toMatch(message);
    expect(errors).toContain(path);
    expect(await stored()).toBe(0);
  });

  test.each([
    [['--file', '/nowhere/access.log'], /ENOENT/],
    [['--file', tmpdir()], /is not a file/],
    [['--host-alias', 'cdn', '--file', 'x'], /CDN=HOST/],
    [[], /--file/],
  ])('%j fails in its own words', async (args, message) => {
    const { exitCode, errors } = await importLog(...args);
    expect(exitCode).toBe(1);
    expect(errors).toMatch(message);
  });
});

describe('podcast import episodes', () => {
  const importEpisodes = (...args: string[]) =>
    podcast('import', 'episodes', '--tenant', tenant.tenantId, ...args);
  const csv = 'log,path,file_bytes,header_bytes,duration_seconds\nx,/1.mp3,1000,100,60\nx,/2.mp3,2000,,\n';

  test('sets sizes and names the files that belong to nothing', async () => {
    const { exitCode, out, errors } = await importEpisodes(file('episodes.csv', csv), '--host', HOST);
    expect(exitCode).toBe(0);
    expect(out).toBe('Files     2: 1 updated, 0 unchanged, 0 new, 1 unknown\nNot read  log');
    expect(errors).toBe(`No episode has the file ${HOST}/2.mp3`);
  });

  test('makes episodes in a podcast', async () => {
    const { out } = await importEpisodes(
      file('episodes.csv', csv),
      '--host',
      HOST,
      '--podcast',
      tenant.podcastId,
    );
    expect(out).toContain('1 updated, 0 unchanged, 1 new, 0 unknown');
  });

  test('says which line is wrong', async () => {
    const { exitCode, errors } = await importEpisodes(file('episodes.csv', csv));
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/line 2 needs a url, or a path and a host.*Nothing was changed/);
  });
});
