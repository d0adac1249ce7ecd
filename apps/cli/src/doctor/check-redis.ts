import { Redis } from 'ioredis';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';

const TIMEOUT_MS = 2_000;

/** Whether Redis answers, and whether it would throw away jobs when its memory is full. */
export async function checkRedis({ settings }: DoctorSubject): Promise<Finding> {
  const check = 'redis';
  if (settings.redisUrl === undefined) {
    return { check, verdict: 'ok', detail: 'not configured: queues live in PostgreSQL' };
  }
  const redis = new Redis(settings.redisUrl, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // ioredis reports the failure of every command besides.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return judge(check, await redis.info());
  } catch (error) {
    return {
      check,
      verdict: 'fail',
      detail: `REDIS_URL does not answer: ${(error as Error).message}. Events are still accepted; jobs wait.`,
    };
  } finally {
    redis.disconnect();
  }
}

function judge(check: string, info: string): Finding {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? 'unknown';
  const policy = field('maxmemory_policy');
  const facts = `${field('redis_version')}, maxmemory-policy ${policy}, append-only file ${field('aof_enabled') === '1' ? 'on' : 'off'}`;
  return policy === 'noeviction'
    ? { check, verdict: 'ok', detail: facts }
    : {
        check,
        verdict: 'warn',
        detail: `${facts}: jobs may be thrown away; set maxmemory-policy noeviction`,
      };
}
