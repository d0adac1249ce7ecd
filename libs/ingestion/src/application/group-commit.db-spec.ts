import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toTenantId, type DomainError, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  testEngine,
  type TestConnections,
  type TestDatabase,
  type TestTenant,
} from '@lib/testing';
import { createLogger } from '@lib/observability';
import { NO_LISTENER } from '../domain/listener-ids.js';
import { dictionaryEntry, type StorableEvent } from '../domain/storable-event.js';
import { AgentLists } from './agent-lists.js';
import { EventStore, type Outcome } from './commit-events.js';
import { GroupCommit, type GroupCommitLimits } from './group-commit.js';
import { NameAgents } from './name-agents.js';

let database: TestDatabase;
let connections: TestConnections;
let tenant: TestTenant;
let tenantId: TenantId;
const LIMITS: GroupCommitLimits = { queueEvents: 10_000, queueBytes: 50_000_000, deadlineMs: 5_000 };

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  tenant = await createTestTenant(database);
  tenantId = toTenantId(tenant.tenantId);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});

function committer(limits: Partial<GroupCommitLimits> = {}): GroupCommit {
  return new GroupCommit(new EventStore(connections.app), { ...LIMITS, ...limits });
}

function event(change: Partial<StorableEvent> = {}): StorableEvent {
  return {
    eventId: randomUUID(),
    occurredAt: new Date().toISOString(),
    tooOld: false,
    episodeId: tenant.episodeIds[0] ?? '',
    payloadHash: 1n,
    userAgent: null,
    referrer: null,
    path: null,
    ids: NO_LISTENER,
    bytesSent: null,
    placementId: null,
    importId: null,
    positionMs: null,
    segment: null,
    segmentMs: null,
    status: null,
    trustedSender: false,
    eventType: 'play',
    method: null,
    byteRange: null,
    servedRange: null,
    network: null,
    sessionId: null,
    eventData: null,
    weight: 600,
    ...change,
  };
}

async function storedOf(events: readonly StorableEvent[]): Promise<number> {
  const { rows } = await database.owner.query<{ n: string }>(
    'SELECT count(*) AS n FROM listener_events WHERE event_id = ANY ($1::uuid[])',
    [events.map((e) => e.eventId)],
  );
  return Number(rows[0]?.n);
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as DomainError,
  );

describe('a shared commit', () => {
  test('gives each request its own outcomes, in order', async () => {
    const commits = committer();
    const [one, two] = [event(), event()];
    const answers = await Promise.all([
      commits.submit(tenantId, [one, event({ episodeId: randomUUID() })]),
      commits.submit(tenantId, [{ ...one }, two]),
      commits.submit(tenantId, []),
    ]);
    expect(answers[0]).toMatchObject(['accepted', { code: 'unknown_episode' }]);
    expect(answers[1]).toEqual(['duplicate', 'accepted']);
    expect(answers[2]).toEqual([]);
  });

  test('costs a poison event, and not its neighbours', async () => {
    // Validation keeps such text out; the committer must survive it all the same.
    const events = [event(), event({ eventData: '{"a":"\\u0000"}' }), event(), event({ eventData: '{' })];
    const outcomes = await committer().submit(tenantId, events);
    expect(outcomes).toMatchObject(['accepted', { code: 'schema' }, 'accepted', { code: 'schema' }]);
    expect(await storedOf(events)).toBe(2);
  });

  test('survives connections that are cut while it works, and stores everything once', async () => {
    const commits = committer({ deadlineMs: 20_000 });
    const sent: StorableEvent[] = [];
    const answers: Promise<Outcome[]>[] = [];
    for (let round = 0; round < 40; round += 1) {
      const batch = Array.from({ length: 25 }, () => event());
      sent.push(...batch);
      answers.push(commits.submit(tenantId, batch));
      await new Promise((resolve) => setTimeout(resolve, 15));
      if (round % 4 === 0) {
        await database.owner.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'podcast_app'`,
        );
      }
    }
    const outcomes = (await Promise.all(answers)).flat();
    // A commit whose answer was lost is found as a duplicate by its own repeat.
    expect(outcomes.every((outcome) => outcome === 'accepted' || outcome === 'duplicate')).toBe(true);
    expect(await storedOf(sent)).toBe(sent.length);
  });
});

describe('a new agent', () => {
  const rows = async (text: string) =>
    (await database.owner.query<Record<string, unknown>>(text, [tenantId])).rows;
  const agents = () => rows(`SELECT value, app, device FROM user_agents WHERE tenant_id = $1 ORDER BY value`);
  const marks = () => rows(`SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind = 'agents'`);
  const from = (text: string) => event({ userAgent: dictionaryEntry(text) });

  test('is named by the worker, once, and known ones leave no mark', async () => {
    const naming = new NameAgents(connections.db, connections.app, createLogger('silent'), new AgentLists());
    const [known, nobody] = ['AntennaPod/3.4.0', 'zzz nobody knows'];
    await committer().submit(tenantId, [from(known), from(known), from(nobody), event()]);
    expect(await agents()).toEqual([known, nobody].map((value) => ({ value, app: null, device: null })));
    expect((await marks()).length).toBe(1);
    expect(await naming.run()).toMatchObject({ days: 1, rows: 2, failed: 0 });
    const named = [
      { value: known, app: 'AntennaPod', device: 'unknown' },
      { value: nobody, app: 'unknown', device: 'unknown' },
    ];
    expect(await agents()).toEqual(named);
    await committer().submit(tenantId, [from(known), from(nobody)]);
    expect(await marks()).toEqual([]);
    await committer().submit(tenantId, [from('Overcast/3.0 (+http://overcast.fm/; iOS podcast app)')]);
    expect(await naming.run()).toMatchObject({ rows: 1 });
    expect(await agents()).toEqual(
      expect.arrayContaining([...named, expect.objectContaining({ app: 'Overcast', device: 'mobile' })]),
    );
  });
});

describe('under pressure', () => {
  test('a full queue refuses at once and says when to come back', async () => {
    const commits = committer({ queueEvents: 100 });
    const first = commits.submit(
      tenantId,
      Array.from({ length: 80 }, () => event()),
    );
    const refused = await failure(
      Promise.resolve().then(() =>
        commits.submit(
          tenantId,
          Array.from({ length: 30 }, () => event()),
        ),
      ),
    );
    expect(refused).toMatchObject({ code: 'overloaded', status: 503 });
    expect(refused?.extra.retryAfterSeconds).toBeGreaterThan(0);
    expect(commits.fill).toBeCloseTo(0.8);
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(commits.fill).toBe(0);
  });

  test('one tenant may fill half of the queue, so that others find room', async () => {
    const other = await createTestTenant(database, 'other');
    const commits = committer({ queueEvents: 100 });
    const own = commits.submit(
      tenantId,
      Array.from({ length: 45 }, () => event()),
    );
    const greedy = failure(
      Promise.resolve().then(() =>
        commits.submit(
          tenantId,
          Array.from({ length: 20 }, () => event()),
        ),
      ),
    );
    const neighbour = commits.submit(toTenantId(other.tenantId), [
      event({ episodeId: other.episodeIds[0] ?? '' }),
    ]);
    expect(await greedy).toMatchObject({ code: 'overloaded' });
    expect(await neighbour).toEqual(['accepted']);
    await own;
  });

  test('a commit that hangs keeps nobody waiting beyond the deadline, and a repeat stores it once', async () => {
    const locker = await database.owner.connect();
    await locker.query('BEGIN; LOCK TABLE listener_events IN ACCESS EXCLUSIVE MODE');
    const events = [event(), event()];
    const commits = committer({ deadlineMs: 500 });
    const started = performance.now();
    const cameIn = Date.now() - 200;
    const refused = await failure(commits.submit(tenantId, events, cameIn));
    expect(refused).toMatchObject({ code: 'not_persisted', status: 503 });
    // The lock's own time limit is 2 seconds.
    expect(performance.now() - started).toBeLessThan(1_500);
    await locker.query('ROLLBACK');
    locker.release();
    // Either commit may come first now.
    const again = await committer().submit(tenantId, events);
    expect(again.every((outcome) => outcome === 'accepted' || outcome === 'duplicate')).toBe(true);
    expect(await storedOf(events)).toBe(2);
  });

  // TimescaleDB makes chunks when their first row comes.
  if (testEngine() === 'partitions')
    test('a missing partition is our fault, not that of the event', async () => {
      const refused = await failure(
        committer({ deadlineMs: 300 }).submit(tenantId, [event({ occurredAt: '2031-01-01T00:00:00.000Z' })]),
      );
      expect(refused).toMatchObject({ code: 'not_persisted', status: 503 });
    });
});
