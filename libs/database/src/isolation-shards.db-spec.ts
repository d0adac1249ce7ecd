import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  seedEveryTable,
  testEngine,
  type CanaryTenant,
  type TestDatabase,
} from '@lib/testing';
import pg from 'pg';
import { shows } from './isolation.contract.js';

let database: TestDatabase;
let a: CanaryTenant;
let b: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
});
afterAll(() => database.drop());

interface Shard {
  table: string;
  shard: string;
  host: string;
  port: number;
}

/** Every shard of every table, with the node that has it. */
async function shardsOf(client: Pick<pg.ClientBase, 'query'>): Promise<Shard[]> {
  const { rows } = await client.query<Shard>(
    `SELECT table_name::text AS table, shard_name AS shard, nodename AS host, nodeport AS port
     FROM citus_shards ORDER BY shard_name`,
  );
  return rows;
}

/** Logs in at a node as the application, or as whoever sees everything. */
async function atNode<T>(
  { host, port }: { host: string; port: number },
  login: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const url = new URL(login);
  const client = new pg.Client({
    host,
    port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: database.name,
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What a statement comes to in the context of tenant A, or in none. It is undone. */
async function answerTo(
  client: pg.Client,
  text: string,
  tenantId = '',
): Promise<{ code?: string; rows: object[] }> {
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('app.current_tenant', $1, true)", [tenantId]);
    return { rows: (await client.query<object>(text)).rows };
  } catch (error) {
    return { code: (error as { code: string }).code, rows: [] };
  } finally {
    await client.query('ROLLBACK');
  }
}

if (testEngine() !== 'citus')
  test('no shard is there, on an engine without any', async () => {
    const { rows } = await database.owner.query("SELECT to_regclass('pg_dist_shard') AS name");
    expect(rows).toEqual([{ name: null }]);
  });
else {
  const nodes = (shards: Shard[]) => [...new Map(shards.map((shard) => [shard.port, shard])).values()];

  test('every shard has the wall of its table, forced, with the policies and rights of its table', async () => {
    const shards = await shardsOf(database.owner);
    expect(shards.length).toBeGreaterThan(200);
    const walls = `SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced, c.relowner::regrole::text AS owner,
        ARRAY(SELECT concat_ws(' ', p.polname, p.polcmd, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
                               pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1) AS policies,
        ARRAY(SELECT concat_ws(' ', x.grantee::regrole, x.privilege_type, att.attname)
              FROM (SELECT c.relacl AS acl, NULL::name AS attname UNION ALL
                    SELECT attacl, attname FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL) att,
                   aclexplode(att.acl) x WHERE x.grantee <> c.relowner ORDER BY 1) AS rights
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`;
    interface Wall {
      relname: string;
      forced: boolean;
    }
    const tables = new Map(
      (await database.owner.query<Wall>(walls)).rows.map(({ relname, ...wall }) => [relname, wall]),
    );
    for (const node of nodes(shards)) {
      const found = await atNode(node, database.urls.owner, async (client) => {
        await client.query('SET citus.override_table_visibility = off');
        return new Map((await client.query<Wall>(walls)).rows.map(({ relname, ...wall }) => [relname, wall]));
      });
      for (const { table, shard } of shards.filter(({ port }) => port === node.port)) {
        expect([shard, found.get(shard)?.forced]).toEqual([shard, true]);
        expect([shard, found.get(shard)]).toEqual([shard, tables.get(table)]);
      }
    }
  });

  test('nobody reads or writes another tenant by the name of a shard, at the node that has it', async () => {
    const shards = await shardsOf(database.owner);
    const own: string[] = [];
    for (const node of nodes(shards))
      await atNode(node, database.urls.app, async (client) => {
        for (const { shard } of shards.filter(({ port }) => port === node.port)) {
          expect([shard, (await answerTo(client, `SELECT * FROM ${shard}`)).rows]).toEqual([shard, []]);
          const read = await answerTo(client, `SELECT * FROM ${shard}`, a.tenantId);
          expect([shard, shows(read.rows, b)]).toEqual([shard, false]);
          if (shows(read.rows, a)) own.push(shard);
          for (const text of [
            `UPDATE ${shard} SET tenant_id = '${a.tenantId}' WHERE tenant_id = '${b.tenantId}' RETURNING *`,
            `DELETE FROM ${shard} WHERE tenant_id = '${b.tenantId}' RETURNING *`,
            `INSERT INTO ${shard} (tenant_id) VALUES ('${b.tenantId}') RETURNING *`,
            `TRUNCATE ${shard}`,
            `ALTER TABLE ${shard} DISABLE ROW LEVEL SECURITY`,
          ])
            expect([text, (await answerTo(client, text, a.tenantId)).rows]).toEqual([text, []]);
        }
      });
    expect(own.length).toBeGreaterThan(40); // else nothing was there to be seen
    for (const [table, count] of [
      ['podcasts', 2],
      ['listener_events', 2],
    ] as const)
      expect((await database.owner.query(`SELECT FROM ${table}`)).rowCount).toBe(count);
  });

  test('nothing copies rows past the wall, by COPY or by an INSERT of what a SELECT finds', async () => {
    const app = new pg.Client({ connectionString: database.urls.app });
    await app.connect();
    for (const [text, code] of [
      [
        `INSERT INTO user_agents (tenant_id, id, value) SELECT '${b.tenantId}'::uuid, n, 'x' FROM generate_series(8, 9) n`,
        '0A000',
      ],
      [
        `INSERT INTO user_agents (tenant_id, id, value) SELECT '${b.tenantId}'::uuid, n, 'x' FROM generate_series(8, 9) n RETURNING 1`,
        '42501',
      ],
      [
        `INSERT INTO tenants (tenant_id, name) SELECT gen_random_uuid(), 'x' FROM generate_series(8, 9) RETURNING 1`,
        '42501',
      ],
      [
        `INSERT INTO public_handles (tenant_id, kind, handle, target_id) SELECT '${b.tenantId}'::uuid, 'pixel', 'taken-' || n, '${b.tenantId}'::uuid FROM generate_series(8, 9) n`,
        '0A000',
      ],
    ] as const) {
      await app.query('BEGIN');
      await app.query(`SELECT set_tenant_context('${a.tenantId}')`);
      const outcome = await app.query(text).then(
        () => 'accepted',
        (error: unknown) => (error as { code: string }).code,
      );
      await app.query('ROLLBACK');
      expect([text, outcome]).toEqual([text, code]);
    }
    await app.end();
  });

  test('nothing that moves, drops or reads shards can be called by the application', async () => {
    const shard = (await shardsOf(database.owner)).find(({ table }) => table === 'podcasts');
    if (shard === undefined) throw new Error('podcasts has no shard');
    await atNode(
      { host: new URL(database.urls.app).hostname, port: Number(new URL(database.urls.app).port) },
      database.urls.app,
      async (client) => {
        for (const text of [
          `SELECT run_command_on_workers('SELECT 1')`,
          `SELECT run_command_on_shards('podcasts', 'DELETE FROM %s')`,
          `SELECT run_command_on_all_nodes('SELECT 1')`,
          `SELECT run_command_on_colocated_placements('podcasts', 'episodes', 'SELECT 1')`,
          `SELECT run_command_on_placements('podcasts', 'ALTER TABLE %s DISABLE ROW LEVEL SECURITY')`,
          `SELECT citus_move_shard_placement(${shard.shard.split('_').at(-1)}, '${shard.host}', ${shard.port}, 'b', 2)`,
          `SELECT undistribute_table('podcasts')`,
          `SELECT truncate_local_data_after_distributing_table('podcasts')`,
          `SELECT master_remove_node('a', 1)`,
          `SELECT citus_update_node(1, 'a', 1)`,
          `UPDATE pg_dist_placement SET shardstate = 4`,
          `SELECT * FROM pg_dist_authinfo`,
        ]) {
          expect([text, await answerTo(client, text, a.tenantId)]).toEqual([
            text,
            { code: expect.any(String), rows: [] },
          ]);
        }
      },
    );
    expect((await database.owner.query('SELECT FROM podcasts')).rowCount).toBe(2);
  });
}
