import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readSettings } from '@lib/config';
import { createRolePool } from '@lib/database';
import { createPlatformKey } from '@lib/tenants';
import { freePort } from '../servers.js';
import { DrillPostgres } from './drill-postgres.js';
import { drillRedis } from './drill-redis.js';
import type { Victims } from './inject-fault.js';
import { KeptProcess } from './kept-process.js';
import { untilReady } from './set-up-tenants.js';
import type { Violations } from './violations.js';

/** APIs and workers on one PostgreSQL and, where there is one, a Redis. */
export interface Installation extends Victims {
  readonly apiOrigins: readonly string[];
  readonly platformKey: string;
  /** What every process of it is given. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface InstallationOptions {
  readonly directory: string;
  /** The compiled program. */
  readonly dist: string;
  readonly redis: boolean;
  /** How many APIs, and how many workers. */
  readonly copies: number;
  /** Run on the empty database. */
  readonly sql: string | undefined;
  /** How long a batch may wait for its commit. */
  readonly ingestDeadlineMs: number;
  readonly violations: Violations;
}

/** Starts everything and resolves when all processes are ready. What was started is handed to `started` at once. */
export async function startInstallation(
  options: InstallationOptions,
  started: (end: () => Promise<void> | void) => void,
): Promise<Installation> {
  const { directory, violations } = options;
  const postgres = await DrillPostgres.start(directory);
  started(() => postgres.stop());
  const { sql } = options;
  if (sql !== undefined) await postgres.asSuperuser((client) => client.query(sql));
  const redis = options.redis ? await drillRedis(directory, violations) : undefined;
  if (redis !== undefined) started(() => redis.process.end());
  const secrets = {
    API_KEY_PEPPER: randomBytes(32).toString('base64url'),
    PRIVACY_MASTER_KEY: randomBytes(32).toString('base64'),
  };
  const environment = {
    ...secrets,
    ...environmentOf(postgres, options),
    ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
  };
  const keep = async (app: 'api' | 'worker', index: number) => {
    const port = await freePort();
    const process = program(app, index, port, environment, options);
    process.start();
    started(() => process.end());
    return { process, origin: `http://127.0.0.1:${port}` };
  };
  const apis = [];
  const workers = [];
  for (let index = 0; index < options.copies; index += 1) {
    apis.push(await keep('api', index));
    workers.push(await keep('worker', index));
  }
  const platformKey = await mintPlatformKey(postgres, environment);
  await Promise.all([...apis, ...workers].map(({ origin }) => untilReady(origin)));
  return {
    postgres,
    redis: redis?.process,
    apis: apis.map(({ process }) => process),
    workers: workers.map(({ process }) => process),
    apiOrigins: apis.map(({ origin }) => origin),
    platformKey,
    environment,
  };
}

function environmentOf(
  postgres: DrillPostgres,
  { directory, ingestDeadlineMs }: InstallationOptions,
): Record<string, string> {
  return {
    DATABASE_URL: postgres.url('podcast_app'),
    MAINTENANCE_DATABASE_URL: postgres.url('podcast_maintenance'),
    ADMIN_DATABASE_URL: postgres.url('podcast_admin'),
    QUEUE_DATABASE_URL: postgres.url('podcast_queue'),
    BIND_ADDRESS: '127.0.0.1',
    SPOOL_DIR: join(directory, 'spool'),
    INGEST_DEADLINE_MS: String(ingestDeadlineMs),
    // Proving a key may wait for a connection too, before the deadline of the batch can be looked at.
    CONNECTION_TIMEOUT_MS: '2000',
    SHUTDOWN_DRAIN_MS: '0',
    LOG_LEVEL: 'warn',
  };
}

function program(
  app: 'api' | 'worker',
  index: number,
  port: number,
  environment: Record<string, string>,
  { directory, dist, violations }: InstallationOptions,
): KeptProcess {
  return new KeptProcess({
    name: `${app} ${index}`,
    command: process.execPath,
    parameters: [join(dist, 'apps', app, 'src', 'main.js')],
    environment: { ...environment, [app === 'api' ? 'PORT' : 'WORKER_PORT']: String(port) },
    logFile: join(directory, `${app}-${index}.log`),
    violations,
  });
}

async function mintPlatformKey(
  postgres: DrillPostgres,
  environment: Record<string, string>,
): Promise<string> {
  const settings = readSettings(environment);
  const owner = createRolePool(settings, () => undefined, 'podcast_owner', postgres.ownerUrl, 1);
  try {
    return await createPlatformKey(owner, settings.apiKeyPepper, 'drill');
  } finally {
    await owner.end();
  }
}
