import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { catalogueFaults, MASTER_SCHEMA, migrationsDirectory, roleFaults } from '@lib/database';
import { testEngine, testServers, testUrl, type TestServers } from '@lib/testing';
import pg from 'pg';
import {
  postgresClientMissing,
  query,
  ROOT,
  run,
  scratchDatabase,
  type ScratchDatabase,
} from './migration-trial.js';

const HOSTED = join(ROOT, 'scripts', 'db-migrate-hosted.sh');

const ROLES =
  'podcast_owner, podcast_app, podcast_maintenance, podcast_admin, podcast_search, podcast_lookup, podcast_queue';

const suite = postgresClientMissing('db-migrate-hosted.sh') ? describe.skip : describe;

/** What the catalogue's check and, as `podcast_app`, the role's check complain about. */
async function faultsSeenBy(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const sql = async <Row extends object>(text: string, params?: readonly unknown[]) =>
    (await client.query<Row>(text, params as unknown[])).rows;
  try {
    const catalogue = await catalogueFaults(sql);
    await client.query('BEGIN; SET LOCAL ROLE podcast_app');
    return [...catalogue, ...(await roleFaults(sql))];
  } finally {
    await client.end();
  }
}

suite('db-migrate-hosted.sh', () => {
  let servers: TestServers;
  let database: ScratchDatabase;

  const as = (user: string, password: string, name: string) =>
    testUrl(servers.host, servers.port, user, password, name);
  const urlOf = (name: string) => as(servers.superuser.user, servers.superuser.password, name);
  const hosted = (args: string[], target = database.url, more: Record<string, string> = {}) =>
    run('bash', [HOSTED, ...args], { DATABASE_URL: target, ...more });

  beforeEach(async () => {
    servers = testServers();
    database = await scratchDatabase(urlOf);
  });
  afterEach(() => database.drop());

  it('shows its plan and refuses to go on without --yes where there is no terminal', async () => {
    const { said, status } = await hosted([]);
    expect(said).toContain(`database  ${database.name}`);
    expect(said).toContain('road      master');
    expect(said).toContain(`pending   ${MASTER_SCHEMA}`);
    expect(said).toContain('tables    none');
    expect(said).toContain('pass --yes');
    expect(status).toBe(2);
    expect(await database.tables()).toEqual([]);
  });

  it('applies the master with --yes, then finds nothing to do and need not ask', async () => {
    expect((await hosted(['--yes'])).said).toContain(`applied ${MASTER_SCHEMA}`);
    const again = await hosted([]);
    expect(again.said).toContain('pending   nothing');
    expect(again.said).toContain('nothing to apply');
    expect(again.status).toBe(0);
  });

  it('asks nothing where another engine is wanted than the schema was made for', async () => {
    await hosted(['--yes']);
    const { said, status } = await run('bash', [HOSTED, '--yes'], {
      DATABASE_URL: database.url,
      TIME_SERIES_ENGINE: 'citus',
    });
    expect(said).toContain('TIME_SERIES_ENGINE is citus, but the database was migrated for ');
    expect(said).not.toContain('This will touch');
    expect(status).toBe(2);
  });

  it('obeys the answer given at a terminal', async () => {
    const ask = (answer: string) =>
      run('bash', ['-c', `echo ${answer} | script -qec "${HOSTED}" /dev/null`], {
        DATABASE_URL: database.url,
      });
    expect((await ask('n')).said).toContain('nothing was changed');
    expect(await database.tables()).toEqual([]);
    expect((await ask('y')).said).toContain(`applied ${MASTER_SCHEMA}`);
  });

  it('refuses a database where someone else has a table with one of our names', async () => {
    await query(database.url, `CREATE TABLE tenants (id integer); CREATE TABLE orders (id integer)`);
    const { said, status } = await hosted(['--yes']);
    expect(said).toContain('tables    orders tenants');
    expect(said).toMatch(/relations with our names: tenants$/m);
    expect(status).toBe(1);
    expect(await database.tables()).toEqual(['orders', 'tenants']);
  });

  it('lives beside tables with other names', async () => {
    await query(database.url, 'CREATE TABLE orders (id integer)');
    expect((await hosted(['--yes'])).status).toBe(0);
  });

  it('needs DATABASE_URL and knows no other option', async () => {
    const without = await run('bash', [HOSTED, '--yes']);
    expect(without.said).toContain('DATABASE_URL is missing');
    expect(without.status).toBe(2);
    expect((await hosted(['--force'])).status).toBe(2);
  });

  it('prefers the owner’s login where both are set', async () => {
    const { said } = await run('bash', [HOSTED], {
      DATABASE_URL: as('podcast_app', 'x', database.name),
      MIGRATION_DATABASE_URL: database.url,
    });
    expect(said).toContain(`login     ${servers.superuser.user}`);
  });

  it('never prints a password, whether it is right, wrong or hard to read', async () => {
    const password = 'p%40ss w:rd';
    const runs = await Promise.all([
      hosted(['--yes']),
      hosted(['--yes'], as(servers.superuser.user, password, database.name)),
      hosted(['--yes'], as(servers.superuser.user, password, 'no_such_database')),
      hosted(
        ['--yes'],
        `postgresql://${servers.superuser.user}:sesame/more@localhost/x?host=${servers.host}`,
      ),
      hosted(['--yes'], `postgresql://localhost/x?host=${servers.host}&password=secret-word`),
    ]);
    for (const { said } of runs) {
      expect(said).not.toContain(servers.superuser.password);
      expect(said).not.toContain('p%40ss');
      expect(said).not.toContain('p@ss');
      expect(said).not.toMatch(/secret-word|sesame/);
    }
    expect(runs.map(({ status }) => status === 0)).toEqual([true, false, false, false, false]);
  });

  it('migrates with a login that only owns its database and may create roles, as managed services give', async () => {
    const login = `hosted_${randomBytes(4).toString('hex')}`;
    const name = `${database.name}_h`;
    await query(
      urlOf('postgres'),
      `CREATE ROLE ${login} LOGIN CREATEROLE CREATEDB NOSUPERUSER PASSWORD 'managed'`,
    );
    const target = as(login, 'managed', name);
    try {
      await query(urlOf('postgres'), `CREATE DATABASE ${name} OWNER ${login}`);
      // From PostgreSQL 16 on it may grant only roles that it made itself; here another database's migration made them.
      if (servers.major >= 16) await query(urlOf('postgres'), `GRANT ${ROLES} TO ${login} WITH ADMIN OPTION`);
      if (testEngine() === 'timescale') {
        // It cannot close what TimescaleDB leaves open to everybody, so that nobody named this engine in vain.
        const refused = await hosted(['--yes'], target, { TIME_SERIES_ENGINE: 'timescale' });
        expect([refused.status, refused.said]).toEqual([
          1,
          expect.stringContaining('this login cannot close it'),
        ]);
      }
      const { said, status } = await hosted(['--yes'], target, { TIME_SERIES_ENGINE: '' });
      expect(said).toContain(`login     ${login}`);
      expect(said).toContain('engine partitions');
      expect(said).toContain(`applied ${MASTER_SCHEMA}`);
      expect(status).toBe(0);

      expect(await faultsSeenBy(target)).toEqual([]);
      const again = await hosted([], target, { TIME_SERIES_ENGINE: '' });
      expect(again.said).toContain('nothing to apply');
      // The master is safe to run twice for such a login, too.
      await query(target, readFileSync(join(migrationsDirectory(), MASTER_SCHEMA), 'utf8'));
    } finally {
      await query(urlOf('postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await query(urlOf('postgres'), `REVOKE ${ROLES} FROM ${login} CASCADE`);
      await query(urlOf('postgres'), `DROP ROLE IF EXISTS ${login}`);
    }
  });
});
