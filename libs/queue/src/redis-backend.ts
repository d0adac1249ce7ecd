import { createRedisBackend, withBackend, type ConnectionOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { openQueue, type Driver } from './open-queue.js';
import type { OpenQueue, QueueBackend, QueueEvents } from './queue-backend.js';

const COMMAND_MS = 3_000;

const OPTIONS: RedisOptions = {
  lazyConnect: true,
  connectTimeout: 5_000,
  // A hung server answers nothing: without a limit every command would wait for it.
  commandTimeout: COMMAND_MS,
  disconnectTimeout: 1_000,
  maxRetriesPerRequest: null,
  // A lost connection is not mended: commands sent again or kept for later could take a due job that nobody then does.
  // The keeper opens a new one and writes the schedule.
  retryStrategy: () => null,
};

/** Jobs on Redis. The server must keep what it is given: `maxmemory-policy noeviction`. */
export class RedisBackend implements QueueBackend {
  readonly name = 'Redis';

  constructor(private readonly url: string) {}

  async open(events: QueueEvents): Promise<OpenQueue> {
    const client = new QueueRedis(this.url, OPTIONS);
    client.on('error', (error: Error) => events.failed(error));
    try {
      await client.connect();
    } catch (error) {
      client.sever();
      throw error;
    }
    const driver: Driver<ConnectionOptions> = {
      connection: client,
      ping: () => client.ping(),
      concern: async () => evictionConcern(await client.info('memory')),
      sever: () => client.sever(),
      end: async () => client.sever(),
    };
    return openQueue(withBackend(createRedisBackend), driver, events);
  }
}

/** A client that knows the copies which BullMQ makes of it for blocking commands. */
class QueueRedis extends Redis {
  private readonly copies: Redis[] = [];

  override duplicate(override?: Partial<RedisOptions>): Redis {
    const copy = super.duplicate(override);
    // A blocking command waits longer than any other; BullMQ's own watchdog bounds it.
    delete copy.options.commandTimeout;
    this.copies.push(copy);
    return copy;
  }

  /** Disconnects this client and its copies without waiting for answers. */
  sever(): void {
    for (const client of [this, ...this.copies]) client.disconnect();
  }
}

/** Reads INFO, since managed servers often refuse CONFIG. */
function evictionConcern(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  return policy === undefined || policy === 'noeviction'
    ? undefined
    : `Redis may evict jobs: its maxmemory-policy is ${policy} and must be noeviction`;
}
