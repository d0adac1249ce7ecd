import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { projectRoot } from '@lib/database';
import { freePort } from '@lib/testing';
import { runCli } from '../run-cli.js';
import { expectDemoIsCounted, expectEventsToArrive, type Call } from './walk-through.contract.js';

// Compiling, initdb and sixty days of demo: half a minute on an idle machine, minutes on a busy one.
jest.setTimeout(600_000);

const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** A clone of the sources, as a newcomer has it after `npm ci`, built by the program itself. */
let clone: string;
let data: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  const root = projectRoot();
  clone = await mkdtemp(join(tmpdir(), 'podcast-clone-'));
  data = join(clone, '.data');
  // As root the server runs under another account, which has to be able to enter.
  await chmod(clone, 0o755);
  for (const part of [
    'apps',
    'libs',
    'db',
    'scripts',
    'package.json',
    'tsconfig.json',
    'nest-cli.json',
    '.swcrc',
  ]) {
    await cp(join(root, part), join(clone, part), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(clone, { recursive: true, force: true });
});

interface Start {
  child: ChildProcess;
  output: () => string;
  /** The demo key of the banner. */
  key: string;
  call: Call;
}

async function start(program = [process.execPath, 'scripts/start.mjs']): Promise<Start> {
  const [port, workerPort] = [await freePort(), await freePort()];
  const [command = '', ...args] = program;
  const child = spawn(command, [...args, '--data', data], {
    cwd: clone,
    env: {
      PATH,
      PORT: String(port),
      WORKER_PORT: String(workerPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(
    () => output.includes('is running') || child.exitCode !== null,
    () => output,
  );
  const key = /pa_live_\w+/.exec(output)?.[0] ?? '';
  return {
    child,
    key,
    output: () => output,
    call: async (path, request) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: {
          authorization: `Bearer ${key}`,
          ...(request && { 'content-type': request.type }),
        },
        ...(request && { method: 'POST', body: request.body }),
        signal: AbortSignal.timeout(10_000),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
  };
}

/** Runs a program of the clone to its end, on ports of its own. */
async function run(...args: string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: clone,
    env: { PATH, PORT: '0', WORKER_PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  await once(child, 'close');
  return { exitCode: child.exitCode, output };
}

async function stop({ child }: Start, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

async function until(condition: () => boolean | Promise<boolean>, explain: () => string): Promise<void> {
  for (const deadline = Date.now() + 240_000; !(await condition());) {
    if (Date.now() > deadline) throw new Error(`waited in vain. Output:\n${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Command lines of all processes that belong to the clone. */
async function processesOfClone(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(clone));
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('npm start', () => {
  test('names the variable of a port that is taken, and starts nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const errors: string[] = [];
    const exitCode = await runCli(['start', '--data', join(clone, 'unused')], {
      environment: { PORT: String(port), WORKER_PORT: '0' },
      print: () => undefined,
      warn: (text) => errors.push(text),
      confirm: () => Promise.resolve(undefined),
      columns: 120,
    });
    taken.close();
    expect(exitCode).toBe(1);
    expect(errors.join('\n')).toMatch(new RegExp(`^Port ${port} is in use.*PORT=`));
    expect(await readdir(clone)).not.toContain('unused');
  });

  test('runs everything from a fresh clone, and finds its data again at the next start', async () => {
    const first = await start();
    expect(first.output()).toContain('Podcast measurement');
    expect(first.output()).toContain('curl');
    const tenant = await first.call('/v1/tenant');
    expect(tenant.status).toBe(200);
    const curl = /'http:\/\/[^/]+(\/[^']+)'/.exec(first.output())?.[1] ?? 'no curl in the banner';
    await expectDemoIsCounted(first.call, curl, data);
    await expectEventsToArrive(first.call);
    for (const file of ['superuser.json', 'logins.json', 'keys.json', 'demo.json']) {
      expect({ file, mode: (await stat(join(data, 'secrets', file))).mode & 0o777 }).toEqual({
        file,
        mode: 0o600,
      });
    }
    expect(await stop(first, 'SIGINT')).toBe(0);
    expect(await processesOfClone()).toEqual([]);

    const second = await start();
    expect(second.output()).not.toContain('Building');
    expect(second.key).toBe(first.key);
    expect((await second.call('/v1/tenant')).body).toEqual(tenant.body);

    // Other commands join the server that runs, and leave it running; a second supervisor does not.
    const report = await run('scripts/podcast.mjs', 'doctor', '--json', '--data', data);
    expect(report.exitCode).toBe(0);
    expect(JSON.parse(report.output)).toMatchObject({ verdict: expect.stringMatching(/^(ok|warn)$/) });
    const rival = await run('scripts/start.mjs', '--data', data);
    expect(rival.exitCode).toBe(1);
    expect(rival.output).toContain('Another podcast start already runs');
    expect((await second.call('/v1/tenant')).status).toBe(200);

    // A child that is killed is started again.
    await killOne('apps/api/src/main.js');
    await until(() => second.output().includes('api was ended by SIGKILL'), second.output);
    let ready: unknown;
    await until(
      async () => {
        ready = await second.call('/health/ready').catch((error: unknown) => error);
        return (ready as { status?: number }).status === 200;
      },
      () => `${second.output()}\n${inspect(ready)}`,
    );

    // Without its supervisor nothing goes on, not even with lines of the log that it has not read.
    second.child.kill('SIGSTOP');
    await second.call('/v1/tenant');
    second.child.kill('SIGKILL');
    await until(async () => (await processesOfClone()).length === 0, second.output);

    // A service manager's signal to npm ends everything, though the shell between does not pass it on.
    const third = await start(['npm', 'start', '--']);
    expect((await third.call('/v1/tenant')).status).toBe(200);
    await stop(third, 'SIGTERM');
    await until(async () => (await processesOfClone()).length === 0, third.output);
  });
});

async function killOne(entry: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(clone) && line.includes(entry)) process.kill(Number(pid), 'SIGKILL');
  }
}
