import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { countRequests } from '../domain/counting/count-requests.js';
import { DEFAULT_COUNTING_RULES, type DownloadWindow } from '../domain/counting/counting-rules.js';
import type { DownloadRequest } from '../domain/counting/download-request.js';
import { hash64 } from '../domain/hash-payload.js';
import { AgentLists } from './agent-lists.js';
import { AgentReader } from './agent-reader.js';
import { CountDownloads } from './count-downloads.js';
import { RuleSetsService } from './rule-sets.service.js';

const START = Date.parse('2026-03-02T00:00:00Z');
const DAYS = 4;
const FILE = { fileBytes: 10_000, headerBytes: 1_000, durationSeconds: 540 };
const APP = 'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)';

let database: TestDatabase;
let connections: TestConnections;
let ruleSets: RuleSetsService;
let counter: CountDownloads;
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-03-23')`);
  connections = connectTestDatabase(database);
  const lists = new AgentLists();
  ruleSets = new RuleSetsService(connections.db, lists);
  const agents = new AgentReader(lists);
  counter = new CountDownloads(connections.db, ruleSets, agents, connections.app, createLogger('silent'));
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', 3);
  await database.owner.query(
    `UPDATE episodes SET media_bytes = $2, header_bytes = $3, duration_seconds = $4 WHERE tenant_id = $1`,
    [tenant.tenantId, FILE.fileBytes, FILE.headerBytes, FILE.durationSeconds],
  );
});

/** A request as its sender made it, before any address is hashed. */
interface Sent {
  id: string;
  atMs: number;
  address: string;
  agent: string;
  episode: number;
  from: number;
  bytes: number;
}

function useWindow(window: DownloadWindow): Promise<unknown> {
  return connections.db.run(tenant.tenantId, () =>
    ruleSets.create(
      { version: window, validFrom: '2026-01-01', rules: { ...DEFAULT_COUNTING_RULES, window }, note: '' },
      'test',
    ),
  );
}

async function store(requests: readonly Sent[]): Promise<void> {
  for (const { id, atMs, address, agent, episode, from, bytes } of requests) {
    const key = (shift: number, text: string) =>
      hash64(`${utcDate(new Date(atMs - shift * DAY_MS))} ${text}`);
    await database.owner.query(
      `WITH agent AS (
         INSERT INTO user_agents VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
       ), event AS (
         INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
           count_id_today, count_id_yesterday, address_day_id, bytes_sent, status, payload_hash_version, trusted_sender,
           event_type, method, served_range)
         VALUES ($1, $4, $5, $6, now(), 1, $2, $7, $8, $9, $10::bigint, 206, 1, true, 'download_request', 'GET',
                 int8range($11::bigint, $11::bigint + $10::bigint))
         ON CONFLICT DO NOTHING
       )
       INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'count', date_bin('5 minutes', $4, 'epoch'))`,
      [
        tenant.tenantId,
        hash64(agent),
        agent,
        new Date(atMs),
        id,
        tenant.episodeIds[episode],
        key(0, `${address} ${agent}`),
        key(1, `${address} ${agent}`),
        key(0, address),
        bytes,
        from,
      ],
    );
  }
}

async function countAll(): Promise<number> {
  let written = 0;
  for (;;) {
    const report = await counter.run();
    expect(report).toMatchObject({ failed: 0, busy: 0 });
    written += report.rows;
    if (report.days === 0) return written;
  }
}

/** `day episode` of each download, from the database. */
async function stored(): Promise<string[]> {
  const { rows } = await database.owner.query<{ text: string }>(
    `SELECT settled_day || ' ' || episode_id || ' ' || bytes || ' ' || (extract(epoch FROM occurred_at) * 1000)::bigint AS text
     FROM downloads WHERE tenant_id = $1 ORDER BY 1`,
    [tenant.tenantId],
  );
  return rows.map(({ text }) => text);
}

/** The same from all days at once, with listeners that keep one name: what counting day by day must come to. */
function byHand(requests: readonly Sent[], window: DownloadWindow): string[] {
  const asked = requests.map(({ id, atMs, address, agent, episode, from, bytes }): DownloadRequest => ({
    id,
    occurredAtMs: atMs,
    evidence: 'origin_bytes',
    method: 'GET',
    status: 206,
    bytesServed: bytes,
    rangeAsked: null,
    rangeServed: { from, to: from + bytes },
    hls: null,
    listener: `${address} ${agent}`,
    address,
    episode: tenant.episodeIds[episode] ?? null,
    agent: 'app',
    network: 'unknown',
    addressList: null,
    badReferrer: false,
  }));
  const episodes = new Map(tenant.episodeIds.map((id) => [id, FILE]));
  const input = { requests: asked, episodes, untilMs: START + DAYS * DAY_MS };
  return countRequests(input, { ...DEFAULT_COUNTING_RULES, window })
    .downloads.map(
      ({ settledAtMs, episode, bytes, occurredAtMs }) =>
        `${utcDate(new Date(settledAtMs))} ${episode} ${bytes} ${occurredAtMs}`,
    )
    .sort();
}

function randomRequest(): Sent {
  const pick = (count: number) => Math.floor(Math.random() * count);
  return {
    id: randomUUID(),
    // Close to midnights, so that windows cross them.
    atMs: START + (1 + pick(DAYS - 1)) * DAY_MS + (pick(8 * 3600) - 4 * 3600) * 1000,
    address: `192.0.2.${pick(6)}`,
    agent: pick(2) === 0 ? APP : 'AntennaPod/3.4.0',
    episode: pick(3),
    from: pick(4) * 1_000,
    bytes: 500 + pick(2_500),
  };
}

describe('counted downloads', () => {
  test.each(['calendar_day', 'first_touch', 'last_touch'] as const)(
    'in windows by %s equal a count of all days at once, after disordered, late and repeated requests',
    async (window) => {
      await useWindow(window);
      const requests = Array.from({ length: 240 }, randomRequest);
      for (let first = 0; first < requests.length; first += 60) {
        await store([...requests.slice(first, first + 60), ...requests.slice(0, first).slice(-9)]);
        await countAll();
      }
      expect(byHand(requests, window).length).toBeGreaterThan(20);
      expect(await stored()).toEqual(byHand(requests, window));
      await store(requests);
      expect(await countAll()).toBe(0);
    },
  );

  test('leave a mark on every slice that they changed, and on its day, and none when nothing changed', async () => {
    const whole = { ...randomRequest(), agent: APP, from: 0, bytes: FILE.fileBytes };
    await store([whole]);
    expect(await countAll()).toBe(1);
    const { rows } = await database.owner.query(
      `SELECT DISTINCT kind, bucket FROM dirty_buckets WHERE tenant_id = $1 AND kind <> 'detect' ORDER BY kind`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([
      { kind: 'audience', bucket: new Date(Math.floor(whole.atMs / DAY_MS) * DAY_MS) },
      { kind: 'slice', bucket: new Date(Math.floor(whole.atMs / 300_000) * 300_000) },
    ]);
  });

  test('tell answers made of downloads that they are no longer what they were, and only then', async () => {
    const version = async () => {
      const { rows } = await database.owner.query<{ version: string }>(
        'SELECT version FROM aggregate_watermarks WHERE tenant_id = $1',
        [tenant.tenantId],
      );
      return Number(rows[0]?.version ?? 0);
    };
    const whole = { ...randomRequest(), agent: APP, from: 0, bytes: FILE.fileBytes };
    await store([whole]);
    await countAll();
    const counted = await version();
    expect(counted).toBeGreaterThan(0);
    await store([whole]);
    await countAll();
    expect(await version()).toBe(counted);
  });

  // A running day is counted every second and looked at for invalid traffic once it is over.
  test('leave one mark to look at their day, however often they changed', async () => {
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
      const atMs = START + DAY_MS / 2;
      await store([{ ...randomRequest(), atMs, address, agent: APP, from: 0, bytes: FILE.fileBytes }]);
      expect(await countAll()).toBe(1);
    }
    const { rows } = await database.owner.query(
      `SELECT bucket FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'detect'`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([{ bucket: new Date(START) }]);
  });
});
