import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { untilWithin } from '@lib/testing';
import pg from 'pg';
import { AppDataSource } from './app-data-source.js';
import { ensureRoleLogins, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded/index.js';
import { migrate } from './migrate.js';
import { TenantDb } from './tenant-db.js';

const TENANT = '00000000-0000-4000-8000-000000000001';
const DATABASE = 'podcast';
const MAX_LAG_MS = 500;
const READ = { readOnly: true, replica: true };
const until = untilWithin(20_000);

let directory: string;
let password: string;
let primary: EmbeddedPostgres;
let standby: EmbeddedPostgres;
/** Superusers of either server. */
let onPrimary: pg.Pool;
let onStandby: pg.Pool;
let source: AppDataSource;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'podcast-replica-'));
  chmodSync(directory, 0o711); // as root the servers run under another account, which must be able to enter
  const at = join(directory, 'primary');
  const first = await startEmbeddedPostgres({ dataDir: at });
  ({ podcast_app: password = '' } = await ensureRoleLogins(first, join(directory, 'logins.json'), [
    'podcast_app',
  ]));
  const admin = new pg.Client({ connectionString: urlOf(first, 'postgres') });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE}`);
  await admin.end();
  await migrate(urlOf(first, DATABASE));
  await first.stop();
  copyCluster(at, join(directory, 'standby'));
  primary = await startEmbeddedPostgres({ dataDir: at });
  follow(join(directory, 'standby', 'postgres', 'data'), primary);
  // Nothing waits for questions: what is replayed ends those that it is in conflict with.
  standby = await startEmbeddedPostgres({
    dataDir: join(directory, 'standby'),
    settings: { max_standby_streaming_delay: '0', hot_standby_feedback: 'off' },
  });
  onPrimary = poolOf(primary);
  onStandby = poolOf(standby);
  await onPrimary.query(`INSERT INTO tenants (tenant_id, name) VALUES ($1, 'Tenant')`, [TENANT]);
  await caughtUp();
});
afterEach(() => source.close());
afterAll(async () => {
  await Promise.all([onPrimary.end(), onStandby.end()]);
  await standby.stop();
  await primary.stop();
  rmSync(directory, { recursive: true, force: true });
});

function urlOf(server: EmbeddedPostgres, database: string): string {
  return server.url(server.superuser, server.superuserPassword, database);
}

function poolOf(server: EmbeddedPostgres): pg.Pool {
  const pool = new pg.Pool({ connectionString: urlOf(server, DATABASE), max: 1 });
  pool.on('error', () => undefined);
  return pool;
}

/** Copies a cluster that is stopped, owners and rights included. */
function copyCluster(from: string, to: string): void {
  mkdirSync(join(to, 'postgres'), { recursive: true, mode: 0o711 });
  for (const part of ['secrets', 'postgres/data']) {
    const { status, stderr } = spawnSync('cp', ['-a', join(from, part), join(to, part)], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the cluster could not be copied: ${stderr}`);
  }
}

function follow(data: string, { host, port, superuser, superuserPassword }: EmbeddedPostgres): void {
  const conninfo = `host=${host} port=${port} user=${superuser} password=${superuserPassword}`;
  const { uid, gid } = statSync(data);
  appendFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${conninfo}'\n`);
  writeFileSync(join(data, 'standby.signal'), '', { mode: 0o600 });
  if (process.getuid?.() === 0) chownSync(join(data, 'standby.signal'), uid, gid);
}

async function caughtUp(): Promise<void> {
  const { rows } = await onPrimary.query<{ at: string }>('SELECT pg_current_wal_flush_lsn()::text AS at');
  await until('the standby has caught up', async () => {
    const replayed = await onStandby.query<{ done: boolean }>(
      'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done',
      [rows[0]!.at],
    );
    return replayed.rows[0]!.done;
  });
}

function open(): TenantDb {
  source = new AppDataSource({
    url: primary.url('podcast_app', password, DATABASE),
    replicaUrls: [standby.url('podcast_app', password, DATABASE)],
    poolSize: 2,
    connectionTimeoutMs: 2_000,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 1_000,
    replicaMaxLagMs: MAX_LAG_MS,
    entities: [],
    onError: () => undefined,
    onGuardDestroyed: () => undefined,
  });
  return new TenantDb(source);
}

/** Where work ran, what the tenant was called there, and how fresh the server says that to be. */
function look(
  db: TenantDb,
): Promise<{ isReplica: boolean; name: string; replayedAt: Date | null | undefined }> {
  return db.run(
    TENANT,
    async () => {
      const [row] = await db.current.sql<{ isReplica: boolean; name: string }>(
        'SELECT pg_is_in_recovery() AS "isReplica", name FROM tenants WHERE tenant_id = $1',
        [TENANT],
      );
      return { isReplica: row!.isReplica, name: row!.name, replayedAt: db.current.replayedAt };
    },
    READ,
  );
}

const rename = (name: string) => onPrimary.query('UPDATE tenants SET name = $1', [name]);

test('a replica that follows answers, and says up to when', async () => {
  const db = open();
  await rename('Followed');
  await caughtUp();
  const seen = await look(db);
  expect(seen).toMatchObject({ isReplica: true, name: 'Followed' });
  expect(Math.abs(Date.now() - seen.replayedAt!.getTime())).toBeLessThan(20_000);
});

test('a replica that is behind for too long is left alone: the primary answers', async () => {
  const db = open();
  await onStandby.query('SELECT pg_wal_replay_pause()');
  try {
    await rename('Renamed behind its back');
    await sleep(2 * MAX_LAG_MS);
    expect(await look(db)).toEqual({
      isReplica: false,
      name: 'Renamed behind its back',
      replayedAt: undefined,
    });
    expect(source.replica()).toBeUndefined();
  } finally {
    await onStandby.query('SELECT pg_wal_replay_resume()');
  }
});

test('a replica is no less fresh because nothing was written for long', async () => {
  const db = open();
  await rename('Long ago');
  await caughtUp();
  await sleep(2 * MAX_LAG_MS);
  await caughtUp(); // also what the server writes by itself
  const asked = Date.now();
  const seen = await look(db);
  expect(seen).toMatchObject({ isReplica: true, name: 'Long ago' });
  expect(seen.replayedAt!.getTime()).toBeGreaterThan(asked - MAX_LAG_MS);
});

test('a question that gets into the way of what is replayed is answered by the primary, from the start', async () => {
  const db = open();
  await onPrimary.query('DROP TABLE IF EXISTS in_the_way; CREATE TABLE in_the_way AS SELECT 1 AS one');
  await onPrimary.query('GRANT SELECT ON in_the_way TO podcast_app');
  await caughtUp();
  const servers: boolean[] = [];
  await db.run(
    TENANT,
    async () => {
      const [row] = await db.current.sql<{ isReplica: boolean }>('SELECT pg_is_in_recovery() AS "isReplica"');
      servers.push(row!.isReplica);
      if (!row!.isReplica) return;
      const change = async (): Promise<void> => {
        await sleep(200);
        await onPrimary.query('DROP TABLE in_the_way');
      };
      await Promise.all([db.current.sql('SELECT pg_sleep(20) FROM in_the_way'), change()]);
    },
    READ,
  );
  expect(servers).toEqual([true, false]);
  // It is well, and asked again.
  expect(source.replica()).toBeDefined();
});
