import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { VARIABLES } from '@lib/config';
import { projectRoot } from '@lib/database';
import { CountDownloads, IngestionModule } from '@lib/ingestion';
import { startTestApi, type TestApi } from '@lib/testing';
import { LazyModuleLoader } from '@nestjs/core';
import { createApi } from './create-api.js';

const readme = readFileSync(join(projectRoot(), 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```sh example\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

let api: TestApi;
let port: number;
let counting: NodeJS.Timeout;
const directory = mkdtempSync(join(tmpdir(), 'readme-'));

beforeAll(async () => {
  api = await startTestApi(createApi);
  await api.app.listen(0, '127.0.0.1');
  counting = await countInBackground();
  port = (api.app.getHttpServer().address() as AddressInfo).port;
});
afterAll(async () => {
  clearInterval(counting);
  await api.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What the worker does while a reader tries the examples. */
async function countInBackground(): Promise<NodeJS.Timeout> {
  const counter = (await api.app.get(LazyModuleLoader).load(() => IngestionModule)).get(CountDownloads);
  return setInterval(() => void counter.run().catch(() => undefined), 500);
}

/** Runs the examples in order, in one shell, as a reader would. */
async function runExamples(key: string): Promise<{ code: number | null; output: string }> {
  const script = examples
    .join('\necho; echo ----\n')
    .replaceAll('http://localhost:8000', `http://127.0.0.1:${port}`);
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: directory,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', KEY: key },
  });
  let output = '';
  shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  shell.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => shell.on('close', resolve));
  return { code, output };
}

describe('README', () => {
  test('its examples run as they are written and answer what they promise', async () => {
    const { key } = await api.createTenant();
    const { code, output } = await runExamples(key);
    expect([code, output]).toEqual([0, output]);
    expect(examples.length).toBeGreaterThanOrEqual(6);
    expect(output).toContain('"accepted":1,"duplicates":0');
    expect(output).toContain('"accepted":0,"duplicates":1');
    expect(output).toContain('302 https://media.tidewater.example/1.mp3?token=kept');
    expect(output).toContain('"stored":3');
    expect(output).toMatch(/"outcome":"range_probe","requests":1/);
    expect(output).toMatch(/"outcome":"bot_agent","requests":1/);
    expect(output).toMatch(/"outcome":"counted","requests":1/);
    expect(output).toContain('not certified');
    expect(output).toContain('"asOf"');
    expect(output).toContain('"kind":"erasure","state":"queued"');
    expect(output).toMatch(/pi_live_/);
  });

  test('explains every variable, and no other', () => {
    const explained = [...readme.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(explained.sort()).toEqual([...VARIABLES].sort());
  });
});
