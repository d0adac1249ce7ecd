import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestPostgres, type TestedEngine, type TestPostgres } from './test-postgres.js';

/** Where the servers of one test run are. Handed to the spec processes through one environment variable. */
export interface TestServers {
  host: string;
  port: number;
  /** PostgreSQL's major version. */
  major: number;
  superuser: { user: string; password: string };
  logins: TestPostgres['logins'];
  engine: TestedEngine;
  redisUrl: string | null;
  /** Set when connections of the application go through PgBouncer in transaction mode. */
  bouncer: { host: string; port: number } | null;
}

export const STATE_VARIABLE = 'PODCAST_TEST_SERVERS';

/** Starts PostgreSQL, and Redis and PgBouncer where wanted; `stop` ends them and removes their files. */
export async function startTestServers(): Promise<{ servers: TestServers; stop: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'podcast-test-'));
  chmodSync(directory, 0o711); // as root the servers run under another account, which must be able to enter
  const postgres = await startTestPostgres(directory);
  const redis = await startRedis(directory);
  const bouncer = process.env['TEST_PGBOUNCER'] === '1' ? await startBouncer(directory, postgres) : null;
  const servers: TestServers = {
    host: postgres.host,
    port: postgres.port,
    major: postgres.major,
    superuser: postgres.superuser,
    logins: postgres.logins,
    engine: postgres.engine,
    redisUrl: redis?.url ?? null,
    bouncer: bouncer && { host: '127.0.0.1', port: bouncer.port },
  };
  const stop = async (): Promise<void> => {
    bouncer?.process.kill('SIGKILL');
    redis?.process?.kill('SIGKILL');
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { servers, stop };
}

async function startRedis(directory: string): Promise<{ url: string; process?: ChildProcess } | null> {
  if (process.env['REDIS_URL']) return { url: process.env['REDIS_URL'] };
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    if (process.env['REQUIRE_REDIS'] === '1')
      throw new Error('REQUIRE_REDIS=1, but there is no REDIS_URL and no redis-server on the PATH');
    process.stdout.write('\nSKIPPED: the Redis suites. Set REDIS_URL or install redis-server to run them.\n');
    return null;
  }
  const port = await freePort();
  const server = spawn(
    'redis-server',
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--appendonly',
      'yes',
      '--maxmemory-policy',
      'noeviction',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(server.stdout, 'data');
  return { url: `redis://127.0.0.1:${port}`, process: server };
}

/** PgBouncer in transaction mode on loopback, in front of the test cluster. */
async function startBouncer(
  directory: string,
  postgres: TestPostgres,
): Promise<{ port: number; process: ChildProcess }> {
  if (!postgres.host.startsWith('/')) throw new Error('TEST_PGBOUNCER=1 is for a server on a Unix socket');
  const port = await freePort();
  const users = join(directory, 'users.txt');
  const configuration = join(directory, 'pgbouncer.ini');
  writeFileSync(
    users,
    Object.entries(postgres.logins)
      .map(([role, password]) => `"${role}" "${password}"\n`)
      .join(''),
  );
  writeFileSync(
    configuration,
    [
      '[databases]',
      `* = host=${postgres.host} port=${postgres.port}`,
      '[pgbouncer]',
      `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =`,
      `auth_type = scram-sha-256\nauth_file = ${users}`,
      'pool_mode = transaction\nmax_client_conn = 500\ndefault_pool_size = 4\nserver_idle_timeout = 5',
    ].join('\n'),
  );
  // PgBouncer refuses to run as root, and only the server's own account may enter the directory of its socket.
  const { uid, gid } = statSync(postgres.host);
  for (const path of [users, configuration]) {
    chmodSync(path, 0o600);
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
  }
  const bouncer = spawn('pgbouncer', [configuration], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
  });
  let log = '';
  bouncer.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  bouncer.on('error', (error) => (log += String(error)));
  for (let attempt = 0; !log.includes('process up'); attempt += 1) {
    if (attempt > 100 || bouncer.exitCode !== null || bouncer.pid === undefined)
      throw new Error(`PgBouncer did not start: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { port, process: bouncer };
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
