import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { buildProgram, type BuiltProgram } from './built-program.js';
import { startInstallation, type Installation } from './drill/installation.js';
import { call } from './drill/set-up-tenants.js';
import { Violations } from './drill/violations.js';
import { tenantNumbers } from './tenant-numbers.js';

/** A tenant with one podcast, and a key of scope `admin`. */
export interface StageTenant {
  readonly tenantId: string;
  readonly key: string;
  readonly podcastId: string;
}

/** What the numbers of a tenant are, down to the outcome of every request. */
export interface StageNumbers {
  readonly stored: Awaited<ReturnType<typeof tenantNumbers>>;
  /** Requests by evidence and outcome, such as `origin_bytes counted`; those that there are. */
  readonly outcomes: Readonly<Record<string, number>>;
}

interface Explained {
  funnels: { evidence: string; steps: { outcome: string; requests: number }[] }[];
}

const CONVERGED_MS = 120_000;

/**
 * The compiled program on a PostgreSQL of its own, an API and a worker that are started again when they are killed, and
 * commands: for specs that kill them under work and compare what was counted with what should have been.
 */
export class KillStage {
  private readonly commands: ChildProcess[] = [];
  private readonly ends: (() => Promise<void> | void)[] = [];
  private readonly violations = new Violations();
  private running: Installation | undefined;

  private constructor(
    private readonly program: BuiltProgram,
    readonly directory: string,
  ) {}

  static async start(): Promise<KillStage> {
    const directory = mkdtempSync(join(tmpdir(), 'podcast-kills-'));
    // As root PostgreSQL runs under another account, which must be able to enter.
    chmodSync(directory, 0o711);
    const stage = new KillStage(buildProgram(), directory);
    const { dist } = stage.program;
    const options = { directory, dist, redis: false, copies: 1, sql: undefined, ingestDeadlineMs: 5_000 };
    try {
      stage.running = await startInstallation({ ...options, violations: stage.violations }, (end) =>
        stage.ends.push(end),
      );
    } catch (error) {
      await stage.stop();
      throw error;
    }
    return stage;
  }

  get installation(): Installation {
    if (this.running === undefined) throw new Error('the installation has not started');
    return this.running;
  }

  get origin(): string {
    return this.installation.apiOrigins[0] ?? '';
  }

  /** Starts a command of the command line, with its output on `stdout` and `stderr`. */
  command(...args: string[]): ChildProcess {
    const main = join(this.program.dist, 'apps', 'cli', 'src', 'main.js');
    const child = spawn(process.execPath, [main, ...args], {
      env: this.installation.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.commands.push(child);
    return child;
  }

  /** Creates a tenant whose episodes have these files, through the API. */
  async createTenant(name: string, enclosureUrls: readonly string[]): Promise<StageTenant> {
    const post = <Body>(key: string, path: string, body: object) => call<Body>(this.origin, key, path, body);
    const { tenantId, key } = await post<{ tenantId: string; key: { credential: string } }>(
      this.installation.platformKey,
      '/v1/admin/tenants',
      { name },
    );
    const podcast = await post<{ id: string }>(key.credential, '/v1/podcasts', { title: name });
    for (const [index, enclosureUrl] of enclosureUrls.entries()) {
      const sizes = { mediaBytes: 20_000, headerBytes: 1_000, durationSeconds: 120 };
      const episode = { guid: String(index), title: String(index), enclosureUrl, ...sizes };
      await post(key.credential, `/v1/podcasts/${podcast.id}/episodes`, episode);
    }
    return { tenantId, key: key.credential, podcastId: podcast.id };
  }

  /** A statement of the owner, past every wall, and again when the server was killed meanwhile. */
  async query<Row extends object>(text: string, params: unknown[] = []): Promise<Row[]> {
    return this.asOwner(async (client) => (await client.query<Row>(text, params)).rows);
  }

  /** What the worker has counted, once nothing is left to count. `from` and `to` are UTC days, `to` not included. */
  async numbers({ tenantId, key }: StageTenant, from: string, to: string): Promise<StageNumbers> {
    await this.converged(tenantId);
    const path = `/v1/metrics/explain?from=${from}&to=${to}`;
    const { funnels } = await call<Explained>(this.origin, key, path);
    const met = funnels.flatMap(({ evidence, steps }) =>
      steps.map(({ outcome, requests }) => [`${evidence} ${outcome}`, requests] as const),
    );
    return {
      stored: await this.asOwner((client) => tenantNumbers(client, tenantId)),
      outcomes: Object.fromEntries(met.filter(([, requests]) => requests > 0)),
    };
  }

  /** Ends everything and removes it. Returns what ended without having been killed, with its last words. */
  async stop(): Promise<readonly string[]> {
    for (const child of this.commands) child.kill('SIGKILL');
    for (const end of this.ends.splice(0).reverse()) await end();
    this.program.remove();
    rmSync(this.directory, { recursive: true, force: true });
    return this.violations.examples('I8');
  }

  private async converged(tenantId: string): Promise<void> {
    // A day is looked at for invalid traffic when it is over, for its audience now and then, and for anomalies every hour:
    // those marks may wait.
    const marks = `SELECT FROM dirty_buckets WHERE tenant_id = $1 AND kind NOT IN ('audience', 'detect', 'anomaly') LIMIT 1`;
    for (const deadline = Date.now() + CONVERGED_MS; (await this.query(marks, [tenantId])).length > 0;) {
      if (Date.now() > deadline) throw new Error(`marks are left after ${CONVERGED_MS / 1_000} s`);
      await sleep(200);
    }
  }

  private asOwner<T>(work: (client: Client) => Promise<T>): Promise<T> {
    return this.installation.postgres.asSuperuser(work);
  }
}

/** How a command ended, and all that it has written. */
export async function outcomeOf(
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output };
}
