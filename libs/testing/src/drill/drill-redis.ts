import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../servers.js';
import { KeptProcess } from './kept-process.js';
import type { Violations } from './violations.js';

/** A Redis as production has it: append-only file, synced every second, nothing evicted. */
export async function drillRedis(
  directory: string,
  violations: Violations,
): Promise<{ url: string; process: KeptProcess } | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const port = String(await freePort());
  const process = new KeptProcess({
    name: 'redis',
    command: 'redis-server',
    parameters: [
      ...['--port', port, '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
      ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    ],
    environment: { PATH: globalThis.process.env['PATH'] ?? '' },
    logFile: join(directory, 'redis.log'),
    violations,
  });
  process.start();
  return { url: `redis://127.0.0.1:${port}`, process };
}
