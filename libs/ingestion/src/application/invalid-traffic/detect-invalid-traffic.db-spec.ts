import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { hash64 } from '../../domain/hash-payload.js';
import { AgentLists } from '../agent-lists.js';
import { AgentReader } from '../agent-reader.js';
import { CountDownloads } from '../count-downloads.js';
import { RuleSetsService } from '../rule-sets.service.js';
import { DetectInvalidTraffic } from './detect-invalid-traffic.js';

const EPISODES = 20;

let database: TestDatabase;
let connections: TestConnections;
let jobs: (CountDownloads | DetectInvalidTraffic)[];
let tenant: TestTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query(`SELECT ensure_partitions('2026-02-23', '2026-03-23')`);
  connections = connectTestDatabase(database, { STATEMENT_TIMEOUT_MS: '1500' });
  const { db, app } = connections;
  const [lists, logger] = [new AgentLists(), createLogger('silent')];
  jobs = [
    new CountDownloads(db, new RuleSetsService(db, lists), new AgentReader(lists), app, logger),
    new DetectInvalidTraffic(db, app, logger),
  ];
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  tenant = await createTestTenant(database, 'Tenant', EPISODES);
  await database.owner.query(
    `UPDATE episodes SET media_bytes = 10000, header_bytes = 1000, duration_seconds = 540 WHERE tenant_id = $1`,
    [tenant.tenantId],
  );
});

/** Whole files of some episodes for one address, one every 24 seconds after 13:06: the first 9 before 13:10. */
async function sweep(address: string, agent: string, episodes = EPISODES): Promise<void> {
  await database.owner.query(
    `WITH agent AS (
       INSERT INTO user_agents VALUES ($1, $2, $3)
     ), event AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash, user_agent_id,
         count_id_today, count_id_yesterday, address_day_id, bytes_sent, status, payload_hash_version, trusted_sender,
         event_type, method)
       SELECT $1, '2026-03-03T13:06:00Z'::timestamptz + n * interval '24 seconds', id, episode, now(), 1, $2, $4, $5, $6,
              10000, 200, 1, true, 'download_request', 'GET'
       FROM unnest($7::uuid[], $8::uuid[]) WITH ORDINALITY AS e (id, episode, n)
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT $1, 'count', generate_series('2026-03-03T13:05:00Z', '2026-03-03T13:10:00Z', interval '5 minutes')`,
    [
      tenant.tenantId,
      hash64(agent),
      agent,
      hash64(`today ${address} ${agent}`),
      hash64(`yesterday ${address} ${agent}`),
      hash64(address),
      Array.from({ length: episodes }, () => randomUUID()),
      tenant.episodeIds.slice(0, episodes),
    ],
  );
}

/** Counts, looks at what was counted, and returns the findings. */
async function findings(): Promise<object[]> {
  for (const job of jobs) expect(await job.run()).toMatchObject({ failed: 0, busy: 0 });
  const { rows } = await database.owner.query<object>(
    `SELECT detector, address_day_id AS address, requests::integer, downloads::integer, evidence FROM quarantines
     WHERE tenant_id = $1`,
    [tenant.tenantId],
  );
  return rows;
}

test('a sweep of a catalogue over a border of ten minutes is a finding', async () => {
  await sweep('192.0.2.1', 'AntennaPod/3.4.0');
  expect(await findings()).toEqual([
    {
      detector: 'episodes_per_address',
      address: hash64('192.0.2.1').toString(),
      requests: 20,
      downloads: 20,
      evidence: { episodesIn10Minutes: 20, limit: 15 },
    },
  ]);
});

test('the sweep of a declared bot, none of which counts, is none', async () => {
  await sweep('192.0.2.1', 'AhrefsBot/7.0');
  await sweep('192.0.2.2', 'AntennaPod/3.4.0', 1);
  expect(await findings()).toEqual([]);
  const { rows } = await database.owner.query(
    `SELECT count(*)::integer AS downloads FROM downloads WHERE tenant_id = $1`,
    [tenant.tenantId],
  );
  expect(rows).toEqual([{ downloads: 1 }]);
});

test('a day may take longer than a question', async () => {
  await database.owner.query(
    `CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN NULL; END';
     CREATE TRIGGER dawdle BEFORE INSERT ON quarantines FOR EACH STATEMENT EXECUTE FUNCTION dawdle()`,
  );
  await sweep('198.51.100.9', 'AntennaPod/3.4.0');
  expect(await findings()).toHaveLength(1);
  await database.owner.query('DROP TRIGGER dawdle ON quarantines; DROP FUNCTION dawdle');
});
