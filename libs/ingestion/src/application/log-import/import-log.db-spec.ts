import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createRolePool } from '@lib/database';
import { toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  testEngine,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { EngineInForce, EnsurePartitions } from '@lib/time-series';
import { AddressLists } from '../address-lists.js';
import { ListenerKeys } from '../listener-keys.js';
import { NetworkLists } from '../network-lists.js';
import { ClientReader } from '../client-reader.js';
import { NetworkReader } from '../network-reader.js';
import { PrivacyPolicies } from '../privacy/privacy-policies.js';
import { LogImportService } from './import-log.service.js';
import type { LogFile, LogImportOptions } from './log-import.js';

const FIXTURES = join(__dirname, '../../domain/access-log/fixtures');
const CLOUDFRONT = readFileSync(join(FIXTURES, 'cloudfront.standard.tsv'));
const NGINX = readFileSync(join(FIXTURES, 'nginx.combined-range.log'));
const EPISODES = readFileSync(join(FIXTURES, 'episodes.csv'), 'utf8').trimEnd().split('\n').slice(1);
const HOSTS = { cloudfront: 'media.harbourlight.example', nginx: 'audio.dailyledger.example' };
const HLS = `${HOSTS.nginx}/hls/ml-0299/master.m3u8`;
const OPTIONS: LogImportOptions = {
  source: 'edge',
  hosts: { missing: HOSTS.nginx, aliases: new Map() },
  replace: false,
  evenWithoutEpisodes: false,
};

let database: TestDatabase;
let connections: TestConnections;
let tenantId: TenantId;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  const tenant = await createTestTenant(database);
  tenantId = toTenantId(tenant.tenantId);
  const keys = [
    ...EPISODES.map((row) => row.split(',')).map(
      ([log, path]) => `${HOSTS[log as keyof typeof HOSTS]}${path}`,
    ),
    HLS,
  ];
  await database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_key)
     SELECT $1, gen_random_uuid(), $2, key, key, key FROM unnest($3::text[]) AS k (key)`,
    [tenantId, tenant.podcastId, keys],
  );
});

/** A service as another process would have it: nothing is remembered. */
function service(maintenance = connections.maintenance): LogImportService {
  const { settings, app } = connections;
  return new LogImportService(
    new ListenerKeys(settings, app),
    new ClientReader(
      new NetworkReader(new NetworkLists(app), new AddressLists(app)),
      new PrivacyPolicies(app),
    ),
    new EnsurePartitions(settings, new EngineInForce(settings, maintenance), maintenance),
    app,
  );
}

function logFile(bytes: Buffer, name = 'access.log'): LogFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    name,
    sha256,
    async *read() {
      for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
    },
  };
}

const importBytes = (bytes: Buffer, change: Partial<LogImportOptions> = {}) =>
  service().importFile(tenantId, logFile(bytes), { ...OPTIONS, ...change });

async function all<Row extends object>(text: string): Promise<Row[]> {
  return (await database.owner.query<Row>(text, [tenantId])).rows;
}
const one = async <Row extends object>(text: string): Promise<Row> => (await all<Row>(text))[0]!;
const count = async (where = 'true'): Promise<number> =>
  Number(
    (await one<{ n: string }>(`SELECT count(*) AS n FROM listener_events WHERE tenant_id = $1 AND ${where}`))
      .n,
  );
/** Everything that an import leaves behind, but what is random or a time of day. */
const listeners = () =>
  all(`SELECT event_id, episode_id, address_day_id, count_id_today, count_id_yesterday, audience_a, audience_b, bytes_sent
       FROM listener_events WHERE tenant_id = $1 ORDER BY occurred_at, event_id`);

/** Makes what an import left behind as old as it would be once its keys are destroyed. */
async function destroyKeys(): Promise<void> {
  await database.owner.query('DELETE FROM listener_key_secrets WHERE tenant_id = $1', [tenantId]);
}

const nginx = (
  second: number,
  change: { address?: string; path?: string; day?: number; status?: number } = {},
) => {
  const { address = '203.0.113.7', path = '/2026/10/ml-0299.mp3', day = 15, status = 200 } = change;
  const at = `${day}/Oct/2026:10:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000`;
  return `${address} - - [${at}] "GET ${path} HTTP/1.1" ${status} 10924762 "-" "AntennaPod/3.9.4" "-"\n`;
};
const lines = (many: number, make: (index: number) => string): Buffer =>
  Buffer.from(Array.from({ length: many }, (_, index) => make(index)).join(''));

describe('a sample log', () => {
  test.each([
    [
      'cloudfront',
      CLOUDFRONT,
      'cloudfront',
      { lines: 310, stored: 307, notEpisodes: 5, duplicates: 1, comments: 2 },
    ],
    [
      'nginx',
      NGINX,
      'combined_range',
      { lines: 300, stored: 300, notEpisodes: 0, duplicates: 0, comments: 0 },
    ],
  ])('%s is stored whole', async (_, bytes, format, expected) => {
    const report = await importBytes(bytes);
    expect(report).toMatchObject({ ...expected, format, faults: 0, conflicts: 0, bytes: bytes.length });
    expect(await count()).toBe(expected.stored);
    expect(await count('episode_id IS NULL AND path_id IS NOT NULL')).toBe(expected.notEpisodes);
    expect(await count(`evidence_level(event_type, trusted_sender, bytes_sent) <> 'origin_bytes'`)).toBe(0);
    expect(await count('import_id IS NULL OR address_day_id IS NULL')).toBe(0);
    const duplicates = await one<{ n: string | null }>(
      'SELECT sum(requests) AS n FROM duplicate_deliveries WHERE tenant_id = $1',
    );
    expect(Number(duplicates.n)).toBe(expected.duplicates);
  });

  test('keeps ranges and segments', async () => {
    await importBytes(CLOUDFRONT);
    expect(await count(`served_range = '[600000,1282816)' AND bytes_sent = 682816`)).toBe(1);
    await importBytes(NGINX);
    expect(await count('segment = -1')).toBe(6);
    expect(await count('segment = 11 AND segment_ms = 6000')).toBe(1);
    expect(await count(`byte_range = 'bytes=-128'`)).toBe(3);
  });

  test('leaves no address behind', async () => {
    await importBytes(CLOUDFRONT);
    const { text } = await one<{ text: string }>(
      `SELECT (SELECT string_agg(e::text, ' ') FROM listener_events e WHERE tenant_id = $1)
           || (SELECT string_agg(f::text, ' ') FROM import_files f WHERE tenant_id = $1)
           || (SELECT string_agg(p::text, ' ') FROM paths p WHERE tenant_id = $1) AS text`,
    );
    expect(text).not.toMatch(/203\.0\.113\.|192\.0\.2\.|198\.51\.100\.|2001:db8/);
  });

  test('packed is the same as unpacked', async () => {
    const plain = await importBytes(NGINX);
    const packed = await importBytes(gzipSync(NGINX));
    expect(packed).toMatchObject({ lines: 300, stored: 0, duplicates: 300, importId: plain.importId });
    expect(await count()).toBe(300);
  });
});

describe('again', () => {
  test('the same file changes nothing', async () => {
    const first = await importBytes(CLOUDFRONT);
    const before = await listeners();
    const again = await importBytes(CLOUDFRONT);
    expect(again).toMatchObject({ wasImported: true, importId: first.importId, stored: 307, duplicates: 1 });
    expect(await listeners()).toEqual(before);
    expect(await all('SELECT 1 FROM imports WHERE tenant_id = $1')).toHaveLength(1);
  });

  test('the same requests in another file are duplicates, whoever they come from', async () => {
    await importBytes(lines(10, (index) => nginx(index)));
    const report = await importBytes(lines(20, (index) => nginx(index, { address: `192.0.2.${index}` })));
    expect(report).toMatchObject({ stored: 10, duplicates: 10, conflicts: 0 });
    expect(await one('SELECT requests::int FROM duplicate_deliveries WHERE tenant_id = $1')).toEqual({
      requests: 10,
    });
  });

  test('an id that says something else is a conflict', async () => {
    const [version, fields, ...rest] = CLOUDFRONT.toString().trimEnd().split('\n');
    const changed = [version, fields, rest[0]!.replace(/\t200\t/, '\t206\t')].join('\n');
    await importBytes(CLOUDFRONT);
    expect(await importBytes(Buffer.from(changed))).toMatchObject({ stored: 0, duplicates: 0, conflicts: 1 });
  });

  test('equal lines of two servers are two requests', async () => {
    await importBytes(
      lines(3, (index) => nginx(index)),
      { source: 'one' },
    );
    const other = Buffer.concat([lines(3, (index) => nginx(index)), Buffer.from('\n')]);
    expect(await importBytes(other, { source: 'two' })).toMatchObject({ stored: 3, comments: 1 });
  });
});

describe('lines that are no requests', () => {
  test('are counted by the rule they break', async () => {
    const far = '203.0.113.7 - - [15/Oct/2076:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "A" "-"\n';
    const bytes = Buffer.from(
      `${nginx(1)}what?\n\n${nginx(2)}${'x'.repeat(100_000)}\n${far}${nginx(3)}${nginx(4).slice(0, 90)}`,
    );
    const report = await importBytes(bytes);
    expect(report).toMatchObject({
      lines: 8,
      stored: 3,
      comments: 1,
      faults: 4,
      rules: { form: 2, too_long: 1, future: 1 },
      examples: [
        { line: 2, rule: 'form' },
        { line: 5, rule: 'too_long' },
        { line: 6, rule: 'future' },
        { line: 8, rule: 'form' },
      ],
      bytes: bytes.length,
    });
  });

  test('a file without any is imported too', async () => {
    const report = await importBytes(Buffer.from('nothing\n'), { format: 'combined' });
    expect(report).toMatchObject({ lines: 1, stored: 0, faults: 1 });
    expect(await importBytes(Buffer.alloc(0), { format: 'combined' })).toMatchObject({ lines: 0 });
  });

  test('a log that fits no episode stores nothing', async () => {
    await expect(importBytes(NGINX, { hosts: { missing: null, aliases: new Map() } })).rejects.toMatchObject({
      code: 'no_episode_matches',
    });
    expect(await all('SELECT 1 FROM imports WHERE tenant_id = $1')).toEqual([]);
    const kept = await importBytes(NGINX, {
      hosts: { missing: null, aliases: new Map() },
      evenWithoutEpisodes: true,
    });
    expect(kept).toMatchObject({ stored: 300, notEpisodes: 300 });
  });

  test('a cut gzip file stores what it has, and the whole one the rest', async () => {
    const bytes = lines(5_000, (index) =>
      nginx(index % 3600, {
        address: `10.${index >> 8}.${index & 255}.${randomUUID().length}`,
        path: `/${index}.mp3`,
      }),
    );
    const packed = gzipSync(Buffer.concat([lines(1, nginx), bytes]));
    await expect(importBytes(packed.subarray(0, packed.length / 2))).rejects.toMatchObject({
      code: 'log_damaged',
    });
    const stored = await count();
    expect(stored).toBeGreaterThan(1_000);
    expect(await importBytes(packed)).toMatchObject({ stored: 5_001 - stored, duplicates: stored });
  });
});

describe('interrupted', () => {
  /** A file whose reading fails after some bytes, as if the process had been killed there. */
  const failing = (bytes: Buffer, after: number): LogFile => ({
    ...logFile(bytes),
    async *read() {
      yield* logFile(bytes.subarray(0, after)).read();
      throw new Error('killed');
    },
  });

  test('goes on where it was, as if nothing had happened', async () => {
    const bytes = Buffer.concat([
      lines(4_000, (index) => nginx(index % 60, { address: `10.0.${index >> 8}.${index & 255}` })),
      Buffer.from('a fault\n'),
      lines(4_000, (index) => nginx(index % 60, { address: `10.1.${index >> 8}.${index & 255}` })),
    ]);
    for (const after of [100_000, 450_000, 900_000])
      await expect(service().importFile(tenantId, failing(bytes, after), OPTIONS)).rejects.toThrow('killed');
    const report = await importBytes(bytes);
    expect(report.resumedFrom).toBeGreaterThan(2_000);
    expect(report).toMatchObject({
      lines: 8_001,
      stored: 8_000,
      duplicates: 0,
      faults: 1,
      wasImported: false,
    });
    expect(await count()).toBe(8_000);
    const file = await one(
      'SELECT done_lines::int, stored::int, finished_at FROM import_files WHERE tenant_id = $1',
    );
    expect(file).toEqual({ done_lines: 8_001, stored: 8_000, finished_at: expect.any(Date) });
  });

  test('closes, when it is whole, the imports of all its days, whichever attempt brought them', async () => {
    for (const day of [10, 20]) await importBytes(lines(1, () => nginx(0, { day })));
    const brought = lines(2_000, (index) => nginx(index % 60, { day: index < 1_000 ? 11 : 21 }));
    const bytes = Buffer.concat([
      brought,
      lines(2_500, (index) => nginx(index % 60, { day: 11, status: 206 })),
    ]);
    const after = brought.length + 100_000;
    await expect(service().importFile(tenantId, failing(bytes, after), OPTIONS)).rejects.toThrow('killed');
    const states = () => all('SELECT state FROM imports WHERE tenant_id = $1');
    expect(await states()).toEqual([{ state: 'open' }, { state: 'open' }]);
    await database.owner.query('UPDATE listener_keys SET destroy_after = now() WHERE tenant_id = $1', [
      tenantId,
    ]);
    expect((await importBytes(bytes)).resumedFrom).toBeGreaterThanOrEqual(2_000);
    expect(await states()).toEqual([{ state: 'closed' }, { state: 'closed' }]);
    const kept = `SELECT DISTINCT period::text FROM listener_keys
                  WHERE tenant_id = $1 AND purpose = 'count' AND destroy_after > now() + interval '47 hours' ORDER BY 1`;
    const periods = ['2026-10-10', '2026-10-11', '2026-10-20', '2026-10-21'];
    expect(await all(kept)).toEqual(periods.map((period) => ({ period })));
  });

  test('two importers of one file do not count it twice', async () => {
    const bytes = lines(6_000, (index) => nginx(index % 60));
    const both = await Promise.allSettled([importBytes(bytes), importBytes(bytes)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'import_running' },
    });
    expect(await count()).toBe(6_000);
    expect(await one('SELECT stored::int, duplicates::int FROM import_files WHERE tenant_id = $1')).toEqual({
      stored: 6_000,
      duplicates: 0,
    });
  });
});

describe('days and keys', () => {
  const imports = () =>
    all<{ state: string }>('SELECT state FROM imports WHERE tenant_id = $1 ORDER BY created_at, id');

  test('files of a day are hashed under the same keys while they live, and a listener stays one', async () => {
    const first = await importBytes(lines(1, nginx));
    const second = await importBytes(
      lines(1, () => nginx(30)),
      { source: 'another' },
    );
    expect(second.importId).toBe(first.importId);
    expect(
      await one('SELECT count(DISTINCT count_id_today)::int AS n FROM listener_events WHERE tenant_id = $1'),
    ).toEqual({ n: 1 });
    expect(await imports()).toEqual([{ state: 'closed' }]);
  });

  test('the next day goes on under the import of the day before, so that windows reach over midnight', async () => {
    const first = await importBytes(lines(1, nginx));
    const next = await importBytes(lines(1, (index) => nginx(index, { day: 16 })));
    expect(next.importId).toBe(first.importId);
    const [before, after] = await all<{ today: string; yesterday: string }>(
      'SELECT count_id_today AS today, count_id_yesterday AS yesterday FROM listener_events WHERE tenant_id = $1 ORDER BY occurred_at',
    );
    expect(after!.yesterday).toBe(before!.today);
    expect(await one(`SELECT first_day::text, last_day::text FROM imports WHERE tenant_id = $1`)).toEqual({
      first_day: '2026-10-15',
      last_day: '2026-10-16',
    });
  });

  test('days far apart have imports of their own', async () => {
    const first = await importBytes(lines(1, nginx));
    const later = await importBytes(lines(1, (index) => nginx(index, { day: 20 })));
    expect(later.importId).not.toBe(first.importId);
  });

  test('keys end 48 hours after the last file', async () => {
    await importBytes(lines(1, nginx));
    await database.owner.query(
      `UPDATE listener_keys SET destroy_after = now() + interval '1 hour' WHERE tenant_id = $1`,
      [tenantId],
    );
    await importBytes(lines(1, () => nginx(30)));
    const { hours } = await one<{ hours: number }>(
      `SELECT min(extract(epoch FROM destroy_after - now()) / 3600)::float8 AS hours FROM listener_keys WHERE tenant_id = $1`,
    );
    expect(hours).toBeGreaterThan(47.9);
    expect(hours).toBeLessThanOrEqual(48);
  });

  test('a day whose keys are destroyed takes no more requests', async () => {
    await importBytes(lines(2, (index) => nginx(index)));
    await destroyKeys();
    await expect(importBytes(lines(3, (index) => nginx(index)))).rejects.toMatchObject({
      code: 'import_day_closed',
    });
    expect(await count()).toBe(2);
    expect(await imports()).toHaveLength(1);
  });

  test('but is replaced as a whole when told so', async () => {
    await importBytes(lines(3, (index) => nginx(index, { address: `192.0.2.${index}` })));
    await destroyKeys();
    const before = await listeners();
    await database.owner.query('DELETE FROM dirty_buckets WHERE tenant_id = $1', [tenantId]);
    const bytes = lines(4, (index) => nginx(index + 1, { address: `192.0.2.${index + 1}` }));
    const report = await importBytes(bytes, { replace: true });
    expect(report).toMatchObject({ stored: 4, duplicates: 0 });
    const after = await listeners();
    expect(after).toHaveLength(5);
    // The first line did not come again: its listener is nobody now, and its request counts no more.
    const keyed = after.filter((row) => (row as { address_day_id: string | null }).address_day_id !== null);
    expect(keyed).toHaveLength(4);
    for (const row of keyed) expect(before).not.toContainEqual(row);
    expect(await imports()).toEqual([{ state: 'replaced' }, { state: 'closed' }]);
    const marks = await one<{ n: string }>(
      `SELECT count(DISTINCT bucket) AS n FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'count'`,
    );
    expect(marks.n).toBe('288');
    // What replaced the day has it now: more files join.
    expect(await importBytes(lines(1, () => nginx(50)))).toMatchObject({
      stored: 1,
      importId: report.importId,
    });
  });

  test('a listener who was erased does not come back by that', async () => {
    await importBytes(lines(2, (index) => nginx(index)));
    await database.owner.query(
      `UPDATE listener_events SET user_agent_id = NULL, address_day_id = NULL, count_id_today = NULL,
              count_id_yesterday = NULL, audience_a = NULL, audience_b = NULL
       WHERE tenant_id = $1 AND occurred_at = '2026-10-15 10:00:00Z'`,
      [tenantId],
    );
    const bytes = Buffer.concat([lines(2, (index) => nginx(index)), Buffer.from('\n')]);
    expect(await importBytes(bytes, { replace: true })).toMatchObject({ stored: 1, duplicates: 1 });
    expect(await count('user_agent_id IS NULL AND address_day_id IS NULL AND audience_a IS NULL')).toBe(1);
  });
});

test('a tenant’s import touches nobody else', async () => {
  const other = await createTestTenant(database, 'Other');
  await importBytes(NGINX);
  const { rows } = await database.owner.query('SELECT 1 FROM listener_events WHERE tenant_id = $1', [
    other.tenantId,
  ]);
  expect(rows).toEqual([]);
});

// TimescaleDB makes chunks when their first row comes.
if (testEngine() === 'partitions')
  test('a process that may not make partitions stores the days that have one, and names the others', async () => {
    const { settings } = connections;
    const ignore = () => undefined;
    const unable = createRolePool(settings, ignore, 'podcast_maintenance', database.urls.app, 1);
    const log = (year: number) => logFile(Buffer.from(nginx(1).replace('/2026:', `/${year}:`)), 'access.log');
    try {
      await expect(service(unable).importFile(tenantId, log(2019), OPTIONS)).rejects.toMatchObject({
        code: 'day_not_prepared',
      });
      await importBytes(lines(1, nginx));
      expect(await service(unable).importFile(tenantId, log(2026), OPTIONS)).toMatchObject({ stored: 1 });
    } finally {
      await unable.end();
    }
  });
