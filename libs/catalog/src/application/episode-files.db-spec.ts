import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { EpisodeFilesService } from './episode-files.service.js';
import { EpisodesService } from './episodes.service.js';

let database: TestDatabase;
let connections: TestConnections;
let service: EpisodeFilesService;
let tenantId: TenantId;
let podcastId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { db, settings } = connections;
  service = new EpisodeFilesService(db, new EpisodesService(db, settings), settings);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  const tenant = await createTestTenant(database, 'Tenant', 2);
  tenantId = toTenantId(tenant.tenantId);
  podcastId = tenant.podcastId;
  await database.owner.query(
    `UPDATE episodes SET media_key = 'cdn.example/' || n.n || '.mp3', media_bytes = 5, media_bytes_source = 'feed'
     FROM unnest($2::uuid[]) WITH ORDINALITY AS n (id, n) WHERE tenant_id = $1 AND episodes.id = n.id`,
    [tenantId, tenant.episodeIds],
  );
});

const importCsv = (csv: string, change: { host?: string; podcastId?: string } = {}) =>
  service.importCsv(tenantId, Buffer.from(csv), { host: null, podcastId: null, ...change });

async function stored(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.owner.query<Record<string, unknown>>(
    `SELECT media_key, media_bytes::int, media_bytes_source, header_bytes::int, header_bytes_source, duration_seconds,
            duration_source, segment_ms
     FROM episodes WHERE tenant_id = $1 ORDER BY media_key`,
    [tenantId],
  );
  return rows;
}

describe('a CSV of episode files', () => {
  test('sets what it says and leaves the rest', async () => {
    const report = await importCsv(
      'log,path,file_bytes,header_bytes,duration_seconds\nx,/1.mp3,1000,100,60\nx,/2.mp3,,,30\nx,/3.mp3,1,1,1\n',
      { host: 'CDN.example' },
    );
    expect(report).toEqual({
      lines: 3,
      updated: 2,
      unchanged: 0,
      created: 0,
      unknown: ['cdn.example/3.mp3'],
      ignoredColumns: ['log'],
    });
    expect(await stored()).toEqual([
      {
        media_key: 'cdn.example/1.mp3',
        media_bytes: 1_000,
        media_bytes_source: 'import',
        header_bytes: 100,
        header_bytes_source: 'import',
        duration_seconds: 60,
        duration_source: 'import',
        segment_ms: null,
      },
      {
        media_key: 'cdn.example/2.mp3',
        media_bytes: 5,
        media_bytes_source: 'feed',
        header_bytes: null,
        header_bytes_source: null,
        duration_seconds: 30,
        duration_source: 'import',
        segment_ms: null,
      },
    ]);
  });

  test('changes nothing the second time', async () => {
    const csv = 'url,file_bytes,segment_ms\nhttps://op3.dev/e/cdn.example/1.mp3,1000,4000\n';
    expect(await importCsv(csv)).toMatchObject({ updated: 1, unchanged: 0 });
    expect(await importCsv(csv)).toMatchObject({ updated: 0, unchanged: 1 });
  });

  test('makes the episodes that are missing when it is told where', async () => {
    const csv = 'url,file_bytes,duration_seconds,segment_ms\nhttps://cdn.example/hls/a%20b.m3u8,,674,4000\n';
    expect(await importCsv(csv, { podcastId })).toMatchObject({ created: 1, unknown: [], updated: 0 });
    expect(await stored()).toContainEqual(
      expect.objectContaining({
        media_key: 'cdn.example/hls/a%20b.m3u8',
        media_bytes: null,
        duration_seconds: 674,
        duration_source: 'import',
        segment_ms: 4_000,
      }),
    );
    const { rows } = await database.owner.query(
      'SELECT title FROM episodes WHERE tenant_id = $1 AND duration_seconds = 674',
      [tenantId],
    );
    expect(rows).toEqual([{ title: 'a b.m3u8' }]);
    const marks = await database.owner.query(
      `SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'locate'`,
      [tenantId],
    );
    expect(marks.rowCount).toBe(1);
    expect(await importCsv(csv, { podcastId })).toMatchObject({ created: 0, unchanged: 1 });
  });

  test.each([
    ['path,file_bytes\n1.mp3,5\n/2.mp3,x\n', /line 2 needs a url.*line 3 file_bytes/],
    ['path,host,file_bytes\n/1.mp3,cdn.example,5\n/1.mp3,CDN.example,6\n', /line 3 is about the same file/],
    ['file_bytes\n5\n', /no column url or path/],
    ['path\n/1.mp3\n', /none of the columns file_bytes/],
    ['path,file_bytes\n"/1.mp3,5\n', /cannot be read/],
    ['', /no column/],
  ])('with a fault changes nothing: %j', async (csv, message) => {
    const before = await stored();
    await expect(importCsv(csv, { host: 'cdn.example' })).rejects.toThrow(message);
    expect(await stored()).toEqual(before);
  });

  test('of a podcast that is not there changes nothing', async () => {
    const csv = 'url,file_bytes\nhttps://cdn.example/1.mp3,77\nhttps://cdn.example/9.mp3,1\n';
    const before = await stored();
    await expect(importCsv(csv, { podcastId: tenantId })).rejects.toMatchObject({
      code: 'podcast_not_found',
    });
    expect(await stored()).toEqual(before);
  });

  test('touches no other tenant', async () => {
    const other = await createTestTenant(database, 'Other');
    await database.owner.query(
      `UPDATE episodes SET media_key = 'cdn.example/1.mp3' WHERE tenant_id = $1 AND id = $2`,
      [other.tenantId, other.episodeIds[0]],
    );
    await importCsv('url,file_bytes\nhttps://cdn.example/1.mp3,1000\n');
    const { rows } = await database.owner.query(
      'SELECT 1 FROM episodes WHERE tenant_id = $1 AND media_bytes IS NOT NULL',
      [other.tenantId],
    );
    expect(rows).toEqual([]);
  });
});
