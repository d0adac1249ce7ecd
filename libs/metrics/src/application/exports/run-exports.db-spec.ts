import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, HOUR_MS, toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  seedEveryTable,
  type CanaryTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { appendMark } from '@lib/time-series';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import type { TablePosition } from '../../domain/exports/exported-column.js';
import type { ExportFormat } from '../../domain/exports/export-format.js';
import type { ExportRow } from '../../domain/exports/export-row.js';
import { exportedTable, EXPORTED_TABLES } from '../../infrastructure/exports/exported-tables.js';
import type { TablePage } from '../../infrastructure/exports/exported-rows.sql.js';
import { deleteExport, findExport, insertExport } from '../../infrastructure/exports/exports.sql.js';
import { ExpireExports } from './expire-exports.js';
import { RunExports } from './run-exports.js';
import { TableReader } from './table-reader.js';

/** Three portions of rows. */
const MANY = 45_000;
const START = Date.parse('2026-03-02T00:00:00Z');
const logger = createLogger('silent');

let database: TestDatabase;
let connections: TestConnections;
let exporter: RunExports;
let tenantId: TenantId;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-03-30')`);
  connections = connectTestDatabase(database);
  exporter = new RunExports(
    connections.db,
    new TableReader(connections.db),
    connections.settings,
    connections.app,
    logger,
  );
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenantId = toTenantId((await createTestTenant(database)).tenantId);
});

async function ask(
  table: string,
  format: ExportFormat,
  range: [from: Date, to: Date] | null = null,
  of = tenantId,
  podcastId: string | null = null,
): Promise<string> {
  const [from, to] = range ?? [null, null];
  const asked = { table, format, from, to, podcastId, requestedBy: 'test' };
  const { ofListeners } = exportedTable(table);
  return connections.db.run(of, async () => {
    const { sql } = connections.db.current;
    await appendMark(sql, of, 'export', new Date('2026-03-02'), null);
    await appendMark(sql, of, 'export_expiry', new Date('2026-03-02'), null);
    return (await insertExport(sql, of, { ...asked, ofListeners })).id;
  });
}

async function find(id: string, of = tenantId): Promise<ExportRow> {
  const row = await connections.db.run(of, () => findExport(connections.db.current.sql, of, id));
  if (row === undefined) throw new Error(`there is no export ${id}`);
  return row;
}

/** How a value of any format reads in CSV. */
function sameText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : `${value as number}`;
}

/** As it lies in the database: nothing is assembled but the order of its pieces. */
async function fileOf(id: string): Promise<Buffer> {
  const { rows } = await database.owner.query<{ piece: number; bytes: Buffer }>(
    'SELECT piece, bytes FROM export_pieces WHERE export_id = $1 ORDER BY piece',
    [id],
  );
  expect(rows.map(({ piece }) => piece)).toEqual(rows.map((_, n) => n));
  for (const { bytes } of rows) expect(bytes.length).toBeLessThanOrEqual(1024 * 1024);
  return Buffer.concat(rows.map(({ bytes }) => bytes));
}

async function runAll(): Promise<void> {
  while ((await exporter.run()).rows > 0);
}

/** Plays a second apart. Returns their ids in the order of time. */
async function storePlays(count: number): Promise<string[]> {
  const { rows } = await database.owner.query<{ id: string }>(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, received_at, payload_hash, payload_hash_version,
                                  trusted_sender, event_type, session_id)
     SELECT $1, $2::timestamptz + n * interval '10 seconds', gen_random_uuid(), now(), 1, 1, false, 'play', md5(n::text)
     FROM generate_series(0, $3 - 1) AS n RETURNING event_id AS id`,
    [tenantId, new Date(START), count],
  );
  return rows.map(({ id }) => id);
}

/** Ends connections that are reading events or writing pieces, up to `most` of them, until `isOver`. */
async function killWriters(most: number, isOver: () => Promise<boolean>): Promise<number> {
  let kills = 0;
  while (kills < most && !(await isOver())) {
    await new Promise((resolve) => setTimeout(resolve, 100 + 200 * Math.random()));
    const { rowCount } = await database.owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = 'podcast_app' AND state <> 'idle'
         AND query ~ '(listener_events|export_pieces)'`,
    );
    kills += rowCount ?? 0;
  }
  return kills;
}

/** Tables of a tenant that are no file, and why. */
const NOT_EXPORTED: Readonly<Record<string, string>> = {
  tenants: 'one row, whole in GET /v1/tenant',
  tenant_settings: 'one row, whole in GET /v1/tenant',
  tenant_quotas: 'one row, whole in GET /v1/usage',
  api_keys: 'secrets; what else there is of them is whole in GET /v1/keys',
  listener_keys: 'secrets',
  listener_key_secrets: 'secrets',
  audience_sketches: 'keyed ids',
  count_carry: 'keyed ids, half counted',
  listener_totals: 'sums of listener_metrics over episodes',
  release_starts: 'the date of publication of each episode, in quarters of an hour',
  counted_days: 'the rule set of each day, which every row of downloads and metrics names',
  episode_files: 'what was known of a file when; no route shows it',
  public_handles: 'part of the addresses of a podcast, in GET /v1/podcasts/{podcastId}/prefix',
  networks: 'numbers of listener_events in the clear; their country is in its rows',
  user_agents: 'texts as they were sent; listener_events names their apps and devices',
  referrers: 'texts as they were sent; listener_events names their hosts',
  paths: 'texts as they were sent',
  attribution_events: 'nothing is stored in it yet',
  exports: 'the files themselves, in GET /v1/exports',
  export_pieces: 'the files themselves',
  dirty_buckets: 'work that waits',
  aggregate_watermarks: 'a version for caches',
  raw_horizons: 'in GET /v1/usage',
  retention_horizons: 'in GET /v1/usage',
};

const WEEKS: [Date, Date] = [new Date(START), new Date(START + 21 * DAY_MS)];

describe('a table', () => {
  let a: CanaryTenant;
  let b: CanaryTenant;
  beforeAll(async () => {
    [a, b] = [await seedEveryTable(database.owner), await seedEveryTable(database.owner)];
    for (const { tenantId: of } of [a, b])
      await database.owner.query(
        `WITH by_dimension AS (
           INSERT INTO dimension_counts (tenant_id, bucket, podcast_id, episode_id, counts, grain, metric, evidence, dimension,
                                         names)
           SELECT tenant_id, bucket, podcast_id, episode_id, ARRAY[value], grain, metric, evidence, d, ARRAY[metric]
           FROM listener_metrics, unnest(ARRAY['app', 'device', 'country']) AS d
           WHERE tenant_id = $1 AND grain <> 'slice'
           ON CONFLICT DO NOTHING
         )
         INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
         SELECT tenant_id, settled_day, rule_set_id, now() FROM downloads WHERE tenant_id = $1`,
        [of],
      );
  });

  test.each(EXPORTED_TABLES.map(({ name }) => name))(
    '%s comes out in every format, with the rows of its tenant and of nobody else',
    async (name) => {
      const table = exportedTable(name);
      const of = toTenantId(a.tenantId);
      const range: [Date, Date] | null = table.isTimed ? [new Date(0), new Date('2160-01-01')] : null;
      const ids = {
        csv: await ask(name, 'csv', range, of),
        ndjson: await ask(name, 'ndjson', range, of),
        parquet: await ask(name, 'parquet', range, of),
      };
      await runAll();
      const csv = await fileOf(ids.csv);
      const ndjson = await fileOf(ids.ndjson);
      const parquet = await fileOf(ids.parquet);
      const fromCsv = parse(csv, { columns: true, record_delimiter: '\r\n' });
      const lines = ndjson.toString().trimEnd().split('\n');
      const fromNdjson = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const fromParquet = await parquetReadObjects({ file: new Uint8Array(parquet).buffer });
      expect([fromCsv.length, fromNdjson.length, fromParquet.length]).toEqual([1, 1, 1]);
      const names = table.columns.map((column) => column.name);
      expect(Object.keys(fromCsv[0] as object)).toEqual(names);
      expect(Object.keys(fromNdjson[0] ?? {})).toEqual(names);
      for (const { name: column, type } of table.columns) {
        const found = sameText(fromNdjson[0]?.[column]);
        expect([column, (fromCsv[0] as Record<string, string>)[column]]).toEqual([column, found]);
        const inParquet = sameText(fromParquet[0]?.[column] ?? null);
        expect([column, type === 'date' ? inParquet.slice(0, 10) : inParquet]).toEqual([column, found]);
      }
      for (const file of [csv, ndjson, parquet]) {
        for (const mark of [b.canary, b.tenantId, b.eventId, b.podcastId])
          expect(file.includes(mark)).toBe(false);
        expect([a.canary, a.eventId, a.podcastId, a.episodeId].some((mark) => file.includes(mark))).toBe(
          true,
        );
      }
      expect(await find(ids.csv, of)).toMatchObject({ state: 'done', rows: 1, bytes: csv.length });
    },
  );

  test('of a tenant is one that it can take out, or there is a reason', async () => {
    const { rows } = await database.owner.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
       WHERE c.relnamespace IN ('public'::regnamespace, to_regnamespace('ts')) AND c.relkind IN ('r', 'p')
         AND NOT c.relispartition`,
    );
    // A view with a row for each name that a row of the table holds.
    const tableOf = (name: string) => (name === 'listener_dimensions' ? 'dimension_counts' : name);
    const taken = EXPORTED_TABLES.map(({ from }) => tableOf(from.split(' ')[0]!));
    const without = Object.keys(NOT_EXPORTED);
    expect(rows.map(({ name }) => name).sort()).toEqual([...new Set([...taken, ...without])].sort());
    expect(without.filter((name) => taken.includes(name))).toEqual([]);
  });

  test('holds no keyed id of anybody, whatever it is', () => {
    const hidden = /listener_id|audience|address|\bcount_id|net_id|user_agent|path|payload|secret|tenant/;
    for (const { name, columns } of EXPORTED_TABLES)
      for (const column of columns)
        expect([name, column.name, hidden.test(`${column.name} ${column.sql}`)]).toEqual([
          name,
          column.name,
          false,
        ]);
  });
});

test('of UTC days those are taken that begin in the range', async () => {
  const days = Array.from({ length: 8 }, (_, n) => new Date(START + n * DAY_MS));
  await database.owner.query(
    `INSERT INTO metrics_daily (tenant_id, day, podcast_id, metric, evidence, rule_set_id, value, episodes)
     SELECT $1, (day AT TIME ZONE 'UTC')::date, $1, metric, 'client_confirmed', $1, 1, 1
     FROM unnest($2::timestamptz[]) day, unnest(ARRAY['play', 'pause']) metric`,
    [tenantId, days],
  );
  const second = fc.integer({ min: -86_400, max: 10 * 86_400 });
  await fc.assert(
    fc.asyncProperty(second, second, fc.integer({ min: 1, max: 20 }), async (one, two, limit) => {
      const [from, to] = [Math.min(one, two), Math.max(one, two) + 1].map((s) => new Date(START + s * 1_000));
      const selection = { range: { from: from!, to: to! }, filters: [] };
      const found: unknown[] = [];
      await connections.db.run(tenantId, async () => {
        const tables = new TableReader(connections.db);
        let after: TablePosition | null = null;
        do {
          const page: TablePage = await tables.page(exportedTable('metrics_daily'), selection, after, limit);
          found.push(...page.rows.map(({ day, metric }) => `${day as string} ${metric as string}`));
          ({ after } = page);
        } while (after !== null);
      });
      const expected = days
        .filter((day) => day >= from! && day < to!)
        .map((day) => day.toISOString().slice(0, 10));
      expect(found).toEqual(expected.flatMap((day) => [`${day} pause`, `${day} play`]));
    }),
    { numRuns: 30 },
  );
});

describe('a file', () => {
  test('is written in portions, and says how far it is', async () => {
    const ids = await storePlays(MANY);
    const id = await ask('listener_events', 'ndjson', [new Date(START), new Date(START + MANY * 10_000)]);
    const seen: number[] = [];
    while ((await find(id)).state !== 'done') {
      // One portion, and a look at it from outside.
      await exporter['writePortion'](tenantId);
      const { position, rows, pieces, bytes } = await find(id);
      seen.push(rows);
      expect(position).not.toBeNull();
      expect((await fileOf(id)).length).toBe(bytes);
      expect(pieces).toBeGreaterThan(0);
    }
    // Portions are shorter on a slow machine, never longer.
    expect(seen.length).toBeGreaterThanOrEqual(3);
    for (const [n, rows] of seen.entries()) expect(rows - (seen[n - 1] ?? 0)).toBeLessThanOrEqual(20_000);
    expect(seen.at(-1)).toBe(MANY);
    const lines = (await fileOf(id)).toString().trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(ids);
  });

  test('is whole and right when its writers are killed on the way and two write at once', async () => {
    const ids = await storePlays(MANY);
    const id = await ask('listener_events', 'parquet', WEEKS);
    const second = connectTestDatabase(database);
    const other = new RunExports(second.db, new TableReader(second.db), second.settings, second.app, logger);
    const isDone = async () => (await find(id).catch(() => undefined))?.state === 'done';
    const write = async (writer: RunExports) => {
      while (!(await isDone())) await writer.run().catch(() => undefined);
    };
    const writing = Promise.all([write(exporter), write(other)]);
    const kills = await killWriters(4, isDone);
    await writing;
    await second.close();
    expect(kills).toBeGreaterThan(0);
    const file = await fileOf(id);
    expect(file.length).toBe((await find(id)).bytes);
    const read = await parquetReadObjects({ file: new Uint8Array(file).buffer });
    expect(read.map((row) => row['id'] as string)).toEqual(ids);
  });

  test('of a podcast holds its rows, however far apart they lie', async () => {
    await storePlays(MANY);
    const { rows } = await database.owner.query<{ podcastId: string; id: string }>(
      `SELECT podcast_id AS "podcastId", id FROM episodes WHERE tenant_id = $1 LIMIT 1`,
      [tenantId],
    );
    const [episode] = rows;
    const { rows: marked } = await database.owner.query<{ id: string }>(
      `UPDATE listener_events SET episode_id = $2 WHERE tenant_id = $1 AND occurred_at = ANY ($3::timestamptz[])
       RETURNING event_id AS id`,
      [tenantId, episode!.id, [30, 420_000].map((seconds) => new Date(START + seconds * 1_000))],
    );
    const id = await ask('listener_events', 'ndjson', WEEKS, tenantId, episode!.podcastId);
    await runAll();
    const lines = (await fileOf(id)).toString().trimEnd().split('\n');
    const found = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    expect(found.sort()).toEqual(marked.map((row) => row.id).sort());
    expect(found).toHaveLength(2);
  });

  test('that grows too large is given up, with the reason, and leaves nothing behind', async () => {
    await storePlays(50);
    const small = connectTestDatabase(database, { EXPORT_MAX_BYTES: '1024' });
    const writer = new RunExports(small.db, new TableReader(small.db), small.settings, small.app, logger);
    const id = await ask('listener_events', 'csv', WEEKS);
    await writer.run();
    await small.close();
    expect(await find(id)).toMatchObject({
      state: 'failed',
      bytes: 0,
      error: expect.stringContaining('1024 bytes'),
    });
    expect((await fileOf(id)).length).toBe(0);
  });

  test('of nothing is a file all the same', async () => {
    const [csv, parquet] = [await ask('listener_events', 'csv', WEEKS), await ask('snapshots', 'parquet')];
    await runAll();
    expect((await fileOf(csv)).toString()).toMatch(/^id,type,occurred_at,.*,data\r\n$/);
    expect(await parquetReadObjects({ file: new Uint8Array(await fileOf(parquet)).buffer })).toEqual([]);
  });

  test('is gone after a day, and the memory of it after a month', async () => {
    await storePlays(3);
    const id = await ask('listener_events', 'csv', WEEKS);
    await runAll();
    const { expiresAt, doneAt } = await find(id);
    expect(expiresAt!.getTime() - doneAt!.getTime()).toBe(24 * HOUR_MS);
    const expirer = new ExpireExports(connections.db, connections.app, logger);
    await expirer.run(new Date(expiresAt!.getTime() - 1_000));
    expect((await fileOf(id)).length).toBeGreaterThan(0);
    await expirer.run(new Date(expiresAt!.getTime() + 1_000));
    expect((await fileOf(id)).length).toBe(0);
    expect((await find(id)).state).toBe('expired');
    await expirer.run(new Date(doneAt!.getTime() + 31 * DAY_MS));
    await expect(find(id)).rejects.toThrow('no export');
    const marks = await database.owner.query(
      `SELECT kind FROM dirty_buckets WHERE tenant_id = $1 AND kind ~ 'export'`,
      [tenantId],
    );
    expect(marks.rows).toEqual([]);
  });

  test('that is deleted while it waits is not written, and those after it are', async () => {
    const [first, second] = [await ask('podcasts', 'csv'), await ask('podcasts', 'csv')];
    await connections.db.run(tenantId, () => deleteExport(connections.db.current.sql, tenantId, first));
    await runAll();
    expect((await find(second)).state).toBe('done');
  });

  test('that cannot be written fails alone', async () => {
    const broken = randomUUID();
    await database.owner.query(
      `INSERT INTO exports (tenant_id, id, table_name, format, of_listeners, requested_by, requested_at)
       VALUES ($1, $2, 'no_such_table', 'csv', false, 'test', now() - interval '1 minute')`,
      [tenantId, broken],
    );
    const next = await ask('podcasts', 'csv');
    await runAll();
    expect(await find(broken)).toMatchObject({
      state: 'failed',
      error: expect.not.stringContaining('no_such_table'),
    });
    expect((await find(next)).state).toBe('done');
  });
});
