import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  seedEveryTable,
  testServers,
  testUrl,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import pg from 'pg';
import { shows } from './isolation.contract.js';

let database: TestDatabase;
let client: pg.Client;
let a: CanaryTenant;
let b: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
});
afterAll(() => database.drop());

// Past a pooler: what a session keeps is the subject here.
beforeEach(async () => {
  const { host, port, logins } = testServers();
  client = new pg.Client(testUrl(host, port, 'podcast_app', logins.podcast_app, database.name));
  await client.connect();
});
afterEach(() => client.end());

const name = ({ tenantId }: CanaryTenant) => client.query('SELECT set_tenant_context($1)', [tenantId]);
const begin = (tenant: CanaryTenant) => client.query('BEGIN').then(() => name(tenant));
const read = async () => (await client.query<object>('SELECT * FROM podcasts')).rows;

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error as pg.DatabaseError).code ?? String(error),
  );
}

describe('one transaction', () => {
  test('refuses a second tenant, and takes the same one again', async () => {
    await begin(a);
    await name(a);
    expect(await codeOf(name(b))).toBe('42501');
    await client.query('ROLLBACK');
  });

  test('refuses a second tenant inside a savepoint, and is A still when that is undone or kept', async () => {
    await begin(a);
    await client.query('SAVEPOINT nested');
    expect(await codeOf(name(b))).toBe('42501');
    await client.query('ROLLBACK TO SAVEPOINT nested');
    await client.query('RELEASE SAVEPOINT nested');
    const rows = await read();
    expect([shows(rows, a), shows(rows, b)]).toEqual([true, false]);
    await client.query('COMMIT');
  });

  test('has no tenant again when the savepoint in which it was named is undone', async () => {
    await client.query('BEGIN; SAVEPOINT nested');
    await name(a);
    expect(await read()).toHaveLength(1);
    await client.query('ROLLBACK TO SAVEPOINT nested');
    expect(await read()).toEqual([]);
    await name(b);
    expect(shows(await read(), b)).toBe(true);
    await client.query('COMMIT');
  });

  test('refuses to name no tenant', async () => {
    await client.query('BEGIN');
    expect(await codeOf(client.query('SELECT set_tenant_context(NULL)'))).toBe('22004');
    await client.query('ROLLBACK');
    expect(await codeOf(client.query("SELECT set_tenant_context('x')"))).toBe('22P02');
  });

  test.each(['COMMIT', 'ROLLBACK'])('ends its tenant with %s, and the next names another', async (end) => {
    await begin(a);
    await client.query(end);
    expect(await read()).toEqual([]);
    expect((await client.query("SELECT current_setting('app.current_tenant', true) AS t")).rows).toEqual([
      { t: '' },
    ]);
    await begin(b);
    expect(shows(await read(), b)).toBe(true);
    await client.query('COMMIT');
  });

  test('named outside a transaction is forgotten at once', async () => {
    await name(a);
    expect(await read()).toEqual([]);
  });
});

describe('one statement that changes the setting', () => {
  const change = () => `set_config('app.current_tenant', '${b.tenantId}', true)`;

  test('never sees the rows of the tenant that it changes to', async () => {
    for (const text of [
      `SELECT ${change()}, p.* FROM podcasts p`,
      `SELECT p.*, ${change()} FROM podcasts p ORDER BY p.title`,
      `SELECT * FROM podcasts p WHERE ${change()} IS NOT NULL`,
      `SELECT * FROM podcasts p, LATERAL (SELECT ${change()}, p.id) s`,
      `SELECT * FROM podcasts p LEFT JOIN LATERAL (SELECT ${change()}) s ON true JOIN episodes e ON e.podcast_id = p.id`,
    ]) {
      await begin(a);
      const { rows } = await client.query<{ title: string }>(text);
      expect([text, rows.map((row) => row.title)]).toEqual([text, [a.canary]]);
      await client.query('ROLLBACK');
    }
  });

  test('never sees the rows of two tenants, even where it changes before it reads', async () => {
    for (const text of [
      `WITH s AS MATERIALIZED (SELECT ${change()}) SELECT p.* FROM s, podcasts p`,
      `SELECT p.* FROM (SELECT ${change()} OFFSET 0) s, podcasts p`,
      `WITH s AS MATERIALIZED (SELECT ${change()}) SELECT p.* FROM s CROSS JOIN podcasts p JOIN podcasts q ON true`,
    ]) {
      await begin(a);
      const { rows } = await client.query<object>(text);
      expect([text, rows.length, shows(rows, a) && shows(rows, b)]).toEqual([text, 1, false]);
      await client.query('ROLLBACK');
    }
  });

  test('cannot write a row of the tenant that it changes to beside its own', async () => {
    await begin(a);
    const insert = `INSERT INTO user_agents SELECT t, 7, 'x' FROM unnest(ARRAY['${a.tenantId}', '${b.tenantId}']::uuid[]) t
                    WHERE ${change()} IS NOT NULL`;
    expect(await codeOf(client.query(insert))).toBe('42501');
    await client.query('ROLLBACK');
  });
});

describe('what a session keeps', () => {
  test('a cursor without HOLD ends with its transaction', async () => {
    await begin(a);
    await client.query('DECLARE c CURSOR FOR SELECT * FROM podcasts');
    await client.query('COMMIT');
    await begin(b);
    expect(await codeOf(client.query('FETCH ALL FROM c'))).toBe('34000');
  });

  test('a tenant set for the session makes the next transaction fail instead of reading as that tenant', async () => {
    await client.query(`SET app.current_tenant = '${a.tenantId}'`);
    await client.query('BEGIN');
    expect(await codeOf(name(b))).toBe('42501');
    await client.query('ROLLBACK');
  });

  test('RESET ROLE leaves the application on its own login behind the wall', async () => {
    await begin(a);
    expect(await codeOf(client.query('RESET ROLE'))).toBe('done');
    expect(shows(await read(), b)).toBe(false);
  });
});
