import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  seedEveryTable,
  testServers,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppDataSource } from './app-data-source.js';
import { shows } from './isolation.contract.js';
import { TenantDb } from './tenant-db.js';

let database: TestDatabase;
let a: CanaryTenant;
let b: CanaryTenant;
let source: AppDataSource;
let db: TenantDb;
let destroyed: number;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
});
afterAll(() => database.drop());

describe.each(['app', 'owner'] as const)('TenantDb on the login of %s', (login) => {
  beforeEach(() => {
    destroyed = 0;
    source = new AppDataSource({
      url: database.urls[login],
      replicaUrls: [],
      poolSize: 1,
      connectionTimeoutMs: 2_000,
      statementTimeoutMs: 5_000,
      lockTimeoutMs: 2_000,
      entities: [],
      onError: () => undefined,
      onGuardDestroyed: () => (destroyed += 1),
    });
    db = new TenantDb(source);
  });
  afterEach(() => source.close());

  const podcasts = () => db.current.sql<{ title: string }>('SELECT title FROM podcasts');
  const backend = () => db.current.sql<{ pid: number }>('SELECT pg_backend_pid() AS pid');

  test('runs as the role and the tenant, and shows the rows of that tenant', async () => {
    for (const tenant of [a, b]) {
      const [row] = await db.run(tenant.tenantId, () =>
        db.current.sql<{ role: string; tenant: string; title: string }>(
          `SELECT current_user AS role, current_setting('app.current_tenant') AS tenant, title FROM podcasts`,
        ),
      );
      expect(row).toEqual({ role: 'podcast_app', tenant: tenant.tenantId, title: tenant.canary });
    }
  });

  test('keeps the plans of repeated statements, and shows each tenant its own rows by them', async () => {
    const text = 'SELECT title FROM podcasts WHERE tenant_id <> $1';
    const kept = `SELECT count(*)::integer AS count, coalesce(sum(generic_plans), 0)::integer AS generic
                  FROM pg_prepared_statements WHERE statement = $1`;
    const nobody = '00000000-0000-4000-8000-000000000000';
    // From the sixth time on a plan may be one for any parameters.
    for (const tenant of [a, b, a, b, a, b, a, b, a, b]) {
      const titles = await db.run(tenant.tenantId, () => db.current.sql(text, [nobody]), { repeated: true });
      expect(titles).toEqual([{ title: tenant.canary }]);
    }
    await db.run(a.tenantId, async () => {
      const behindPooler = login === 'app' && testServers().bouncer !== null;
      const [row] = await db.current.sql<{ count: number; generic: number }>(kept, [text]);
      expect(row!.count).toBe(behindPooler ? 0 : 1);
      if (!behindPooler) expect(row!.generic).toBeGreaterThan(0);
    });
  });

  test('refuses repeated statements after the end like any other', async () => {
    let late: (() => Promise<unknown>) | undefined;
    await db.run(
      a.tenantId,
      () => {
        const { sql } = db.current;
        late = () => sql('SELECT 1');
        return Promise.resolve();
      },
      { repeated: true },
    );
    await expect(late!()).rejects.toThrow('the tenant transaction has ended');
  });

  test('gives sql and manager the same transaction', async () => {
    await db.run(a.tenantId, async () => {
      const [bySql] = await backend();
      const [byManager] = await db.current.manager.query<unknown[]>('SELECT pg_backend_pid() AS pid');
      expect(byManager).toEqual(bySql);
      expect(db.current.tenantId).toBe(a.tenantId);
    });
  });

  test('answers the rows of a change that returns some', async () => {
    await db.run(a.tenantId, async () => {
      const { sql } = db.current;
      expect(await sql("UPDATE podcasts SET author = 'x' RETURNING title")).toEqual([{ title: a.canary }]);
      expect(await sql('DELETE FROM raw_horizons RETURNING tenant_id')).toEqual([{ tenant_id: a.tenantId }]);
      expect(await sql('UPDATE podcasts SET author = NULL')).toEqual([]);
      await sql('INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, now())', [a.tenantId]);
    });
  });

  test('has no current transaction outside, nor after', async () => {
    expect(() => db.current).toThrow('no tenant transaction is open');
    await db.run(a.tenantId, async () => undefined);
    expect(() => db.current).toThrow('no tenant transaction is open');
  });

  test('does not nest, and the outer transaction goes on', async () => {
    await db.run(a.tenantId, async () => {
      await expect(db.run(b.tenantId, podcasts)).rejects.toThrow('does not nest');
      await expect(db.run(a.tenantId, podcasts)).rejects.toThrow('does not nest');
      expect(await podcasts()).toEqual([{ title: a.canary }]);
    });
  });

  test.each(['', 'x', "' OR true --", '00000000-0000-0000-0000-00000000000', `{${'0'.repeat(36)}}`])(
    'refuses %j as a tenant before it asks for a connection',
    async (tenant) => {
      await expect(db.run(tenant, podcasts)).rejects.toThrow(TypeError);
    },
  );

  test('commits what resolves and rolls back what throws', async () => {
    const authors = async () => {
      const { rows } = await database.owner.query<{ author: string }>(
        'SELECT author FROM podcasts WHERE tenant_id = $1',
        [a.tenantId],
      );
      return rows[0]?.author;
    };
    const write = (author: string) => db.current.sql('UPDATE podcasts SET author = $1', [author]);
    await db.run(a.tenantId, () => write('kept'));
    const failing = db.run(a.tenantId, async () => {
      await write('lost');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect([await authors(), destroyed]).toEqual(['kept', 0]);
  });

  test('reports a transaction that failed inside although the work resolved', async () => {
    const swallowing = db.run(a.tenantId, async () => {
      await db.current.sql("UPDATE podcasts SET author = 'swallowed'");
      await db.current.sql('SELECT 1/0').catch(() => undefined);
    });
    await expect(swallowing).rejects.toThrow('rolled back at COMMIT');
    expect(await db.run(b.tenantId, podcasts)).toEqual([{ title: b.canary }]);
    expect(destroyed).toBe(0);
  });

  test('reads only, from one snapshot, when told so', async () => {
    const refused = db.run(a.tenantId, () => db.current.sql("UPDATE podcasts SET author = 'x'"), {
      readOnly: true,
    });
    await expect(refused).rejects.toMatchObject({ driverError: { code: '25006' } });
    await db.run(
      a.tenantId,
      async () => {
        const count = () => db.current.sql('SELECT FROM user_agents');
        const before = await count();
        await database.owner.query('INSERT INTO user_agents VALUES ($1, floor(random() * 1e15), $2)', [
          a.tenantId,
          a.canary,
        ]);
        expect(await count()).toHaveLength(before.length);
      },
      { readOnly: true },
    );
  });

  test('keeps parallel runs apart on one connection', async () => {
    const seen = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => {
        const tenant = turn % 2 === 0 ? a : b;
        return db.run(tenant.tenantId, async () => {
          await sleep(turn % 3);
          return shows(await podcasts(), tenant) && !shows(await podcasts(), turn % 2 === 0 ? b : a);
        });
      }),
    );
    expect(seen).toEqual(Array(20).fill(true));
  });

  test('limits the time of a statement and of waiting for a lock, for the transaction only', async () => {
    const limits = await db.run(a.tenantId, () =>
      db.current.sql(
        "SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l",
      ),
    );
    expect(limits).toEqual([{ s: '5s', l: '2s' }]);
    const runner = await source.queryRunner();
    const [after] = (await runner.query(
      "SELECT current_setting('statement_timeout') AS s, coalesce(current_setting('app.current_tenant', true), '') AS t, current_user = session_user AS self",
    )) as object[];
    await runner.release();
    expect(after).toEqual({ s: '0', t: '', self: true });
  });
});
