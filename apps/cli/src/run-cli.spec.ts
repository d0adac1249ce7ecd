import { describe, expect, test } from '@jest/globals';
import { runCli } from './run-cli.js';

async function run(args: string[], environment: Record<string, string> = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(args, {
    environment,
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: () => Promise.resolve(undefined),
    columns: 120,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}

const complete = {
  DATABASE_URL: 'postgresql://podcast_app@db/podcast',
  API_KEY_PEPPER: 'p'.repeat(32),
  PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
};

describe('podcast config check', () => {
  test('passes on a complete environment', async () => {
    expect(await run(['config', 'check'], complete)).toMatchObject({
      exitCode: 0,
      out: 'The configuration is valid.',
      errors: '',
    });
  });

  test('names every fault at once', async () => {
    const { exitCode, errors } = await run(['config', 'check'], {
      DATABASE_URL: 'mysql://db',
      PORT: 'eighty',
      PRIVACY_MASTER_KEY: 'short',
      TIME_SERIES_ENGINE: 'influx',
    });
    expect(exitCode).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'PORT',
      'API_KEY_PEPPER',
      'PRIVACY_MASTER_KEY',
      'TIME_SERIES_ENGINE',
    ]) {
      expect(errors).toContain(`  ${name} must`);
    }
  });

  test('never shows the value of a secret', async () => {
    const secret = 'too-short-but-still-secret';
    const { errors } = await run(['config', 'check'], {
      ...complete,
      API_KEY_PEPPER: secret,
      METRICS_TOKEN: 'tiny',
    });
    expect(errors).toContain('API_KEY_PEPPER');
    expect(errors).not.toContain(secret);
    expect(errors).not.toContain('tiny');
  });
});

describe('the command line', () => {
  test('explains every command', async () => {
    for (const words of [
      ['start'],
      ['migrate'],
      ['doctor'],
      ['tenant', 'create'],
      ['tenant', 'list'],
      ['key', 'create'],
      ['key', 'list'],
      ['key', 'revoke'],
      ['lists', 'update'],
      ['lists', 'show'],
      ['lists', 'activate'],
      ['import', 'feed'],
      ['config', 'check'],
    ]) {
      const { exitCode, out } = await run([...words, '--help']);
      expect({ words, exitCode }).toEqual({ words, exitCode: 0 });
      expect(out).toContain(`Usage: podcast ${words.join(' ')}`);
    }
  });

  test('refuses what it does not know', async () => {
    expect((await run(['bogus'])).errors).toContain('unknown command');
    expect((await run(['doctor', '--bogus'])).exitCode).toBe(1);
    expect(
      (await run(['key', 'create', '--name', 'x', '--platform', '--tenant', crypto.randomUUID()])).errors,
    ).toContain('cannot be used with');
  });

  test.each([
    ['ingest', '--events'],
    ['ingest', '--batch'],
    ['ingest', '--connections'],
    ['ingest', '--rounds'],
    ['query', '--events'],
    ['query', '--requests'],
    ['metrics', '--events'],
    ['metrics', '--tenants'],
    ['metrics', '--rate'],
  ])('bench %s refuses to measure nothing: %s 0', async (what, option) => {
    const { exitCode, errors } = await run(['bench', what, option, '0']);
    expect(exitCode).toBe(1);
    expect(errors).toMatch(new RegExp(`${option} .*at least 1`));
  });

  test('bench ingest may leave the sustained load out', async () => {
    // The second option is refused after the first was taken, so nothing is measured.
    const { errors } = await run(['bench', 'ingest', '--seconds', '0', '--rounds', '0']);
    expect(errors).toContain('--rounds');
    expect(errors).not.toContain('--seconds');
  });

  test('says where a database could come from when there is none', async () => {
    const { exitCode, errors } = await run(['doctor', '--data', '/nonexistent/data']);
    expect(exitCode).toBe(1);
    expect(errors).toContain('Run npm start first, or set DATABASE_URL');
  });

  test('refuses to start two processes on one port', async () => {
    expect((await run(['start'], { ...complete, PORT: '8000', WORKER_PORT: '8000' })).errors).toContain(
      'PORT and WORKER_PORT are both 8000',
    );
  });
});
