import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createTestDatabase, freePort, testServers, testSettings, type TestDatabase } from '@lib/testing';
import { Redis } from 'ioredis';
import { queueContract } from './queue.contract.js';
import { eventually, TickWorkers } from './tick-workers.contract.js';

/** A logical database of the shared server that no other spec uses. */
const LOGICAL_DATABASE = '11';

const { redisUrl } = testServers();
const hasServer = spawnSync('redis-server', ['--version']).status === 0;

if (redisUrl === null) {
  test.skip('jobs on Redis (skipped: set REDIS_URL or install redis-server)', () => undefined);
} else {
  queueContract('Redis', async () => {
    const database = await createTestDatabase();
    const url = new URL(redisUrl);
    url.pathname = LOGICAL_DATABASE;
    const client = new Redis(url.href);
    await client.flushdb();
    return {
      settings: testSettings(database, { REDIS_URL: url.href }),
      empty: async () => {
        await client.flushdb();
      },
      stop: async () => {
        client.disconnect();
        await database.drop();
      },
    };
  });
}

if (!hasServer) {
  test.skip('faults of Redis (skipped: install redis-server)', () => undefined);
} else {
  describe('faults of Redis', () => {
    let database: TestDatabase;
    let workers: TickWorkers;
    let server: RedisServer;
    beforeAll(async () => {
      database = await createTestDatabase();
    });
    afterAll(() => database.drop());
    afterEach(async () => {
      await workers.end();
      await server.kill();
    });

    const prepare = async (options: string[] = []): Promise<ReturnType<typeof testSettings>> => {
      workers = new TickWorkers();
      server = new RedisServer(await freePort(), options);
      return testSettings(database, { REDIS_URL: `redis://127.0.0.1:${server.port}` });
    };
    const ticksAfter = (at: number): number => workers.of('tick').filter((run) => run.at > at).length;

    test('a worker starts without Redis, says so, and works when it appears', async () => {
      const settings = await prepare();
      const worker = await workers.start(settings, 'a', ['tick', 'rare']);
      await eventually(() => expect(worker.state().reason).toMatch(/Redis cannot be reached/));
      expect(worker.state().status).toBe('degraded');
      await eventually(() => expect(workers.of('rare')).toHaveLength(1));
      await server.start();
      await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(2));
      expect(worker.state()).toEqual({ status: 'up' });
    });

    test('a worker outlives the loss of Redis and all that it held', async () => {
      const settings = await prepare();
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(1));
      await server.kill();
      await eventually(() => expect(worker.state().status).toBe('degraded'));
      await sleep(1_000);
      await server.start();
      const startedAt = Date.now();
      await eventually(() => expect(ticksAfter(startedAt)).toBeGreaterThan(2));
      expect(worker.state()).toEqual({ status: 'up' });
    });

    test('a worker outlives a Redis that hangs', async () => {
      const settings = await prepare();
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(1));
      server.signal('SIGSTOP');
      await eventually(() => expect(worker.state().status).toBe('degraded'), 9_000);
      server.signal('SIGCONT');
      const continuedAt = Date.now();
      await eventually(() => expect(ticksAfter(continuedAt)).toBeGreaterThan(2), 20_000);
      await eventually(() => expect(worker.state()).toEqual({ status: 'up' }));
    });

    test('a worker ends in time while Redis hangs', async () => {
      const settings = await prepare();
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(workers.of('tick')).not.toHaveLength(0));
      server.signal('SIGSTOP');
      const started = Date.now();
      await worker.close();
      expect(Date.now() - started).toBeLessThan(7_000);
    });

    test('a worker on a Redis that cannot be written is degraded, and recovers', async () => {
      const settings = await prepare();
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(worker.state().status).toBe('up'));
      const client = new Redis(server.port);
      await client.replicaof('127.0.0.1', await freePort());
      await eventually(() => expect(worker.state().reason).toMatch(/reached or used/));
      await client.replicaof('NO', 'ONE');
      const writableAt = Date.now();
      await eventually(() => expect(ticksAfter(writableAt)).toBeGreaterThan(2));
      client.disconnect();
    });

    test('a full Redis makes the worker degraded', async () => {
      const settings = await prepare(['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction']);
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(worker.state().reason).toMatch(/reached or used/));
    });

    test('a Redis that may evict is worked on, but reported', async () => {
      // BullMQ prints a line of its own for each connection.
      const printed = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
      const settings = await prepare(['--maxmemory-policy', 'allkeys-lru']);
      await server.start();
      const worker = await workers.start(settings, 'a', ['tick']);
      await eventually(() => expect(workers.of('tick').length).toBeGreaterThan(1));
      expect(worker.state()).toEqual({
        status: 'degraded',
        reason: 'Redis may evict jobs: its maxmemory-policy is allkeys-lru and must be noeviction',
      });
      const client = new Redis(server.port);
      await client.config('SET', 'maxmemory-policy', 'noeviction');
      client.disconnect();
      await eventually(() => expect(worker.state()).toEqual({ status: 'up' }));
      printed.mockRestore();
    });
  });
}

/** A Redis that forgets everything when it ends. */
class RedisServer {
  private process: ChildProcess | undefined;

  constructor(
    readonly port: number,
    private readonly options: readonly string[],
  ) {}

  async start(): Promise<void> {
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', ...this.options];
    const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.process = server;
    let log = '';
    server.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await eventually(() => expect(log).toMatch(/Ready to accept connections/));
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.process?.kill(signal);
  }

  async kill(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    if (process === undefined) return;
    process.kill('SIGKILL');
    await once(process, 'exit');
  }
}
