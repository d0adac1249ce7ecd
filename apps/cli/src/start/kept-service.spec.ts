import { describe, expect, test } from '@jest/globals';
import { KeptService, type RunningService, type Service } from './kept-service.js';

/** A service whose every run ends when the test says so. */
class Script implements Service {
  readonly name = 'script';
  readonly runs: { end: (how: string) => void; stopped: boolean }[] = [];
  constructor(private readonly startFails = false) {}

  lastLines(): string[] {
    return ['the last line'];
  }

  start(): Promise<RunningService> {
    if (this.startFails) return Promise.reject(new Error('no such program'));
    let end: (how: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => (end = resolve));
    const run = { end, stopped: false };
    this.runs.push(run);
    const stop = async (): Promise<void> => {
      run.stopped = true;
      end('was stopped');
    };
    return Promise.resolve({ ended, stop, kill: stop });
  }
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 500) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

describe('a service that is kept running', () => {
  test('is started again after it ended by itself', async () => {
    const script = new Script();
    const said: string[] = [];
    const kept = new KeptService(script, (line) => said.push(line), 1);
    await kept.begin();
    script.runs[0]!.end('ended with exit code 1');
    await until(() => script.runs.length === 2);
    expect(said).toEqual(['script ended with exit code 1; starting it again in 0.001 s']);
    await kept.stop();
  });

  test('is given up after five quick ends, with its last lines', async () => {
    const script = new Script();
    const kept = new KeptService(script, () => undefined, 1);
    await kept.begin();
    for (let run = 0; run < 5; run += 1) {
      await until(() => script.runs.length > run);
      script.runs[run]!.end('ended with exit code 3');
    }
    expect(await kept.gaveUp).toBe('script ended with exit code 3, 5 times in a row.\n  the last line');
    expect(script.runs).toHaveLength(5);
  });

  test('stays ended once it was stopped', async () => {
    const script = new Script();
    const kept = new KeptService(script, () => undefined, 1);
    await kept.begin();
    await kept.stop();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(script.runs.map((run) => run.stopped)).toEqual([true]);
  });

  test('is stopped when the stop comes while it is still starting', async () => {
    const script = new Script();
    const kept = new KeptService(script, () => undefined, 1);
    const begun = kept.begin();
    await kept.stop();
    await begun;
    expect(script.runs.map((run) => run.stopped)).toEqual([true]);
  });

  test('is stopped during the pause before the next run', async () => {
    const script = new Script();
    const said: string[] = [];
    const kept = new KeptService(script, (line) => said.push(line), 60_000);
    await kept.begin();
    script.runs[0]!.end('ended');
    await until(() => said.length === 1);
    await kept.stop();
    expect(script.runs).toHaveLength(1);
  });

  test('may be restarted often without counting as broken', async () => {
    const script = new Script();
    const kept = new KeptService(script, () => undefined, 1);
    await kept.begin();
    for (let run = 1; run <= 7; run += 1) {
      await kept.restart();
      await until(() => script.runs.length === run + 1);
    }
    await kept.stop();
    expect(script.runs).toHaveLength(8);
  });

  test('says at once when its first start is impossible', async () => {
    const kept = new KeptService(new Script(true), () => undefined, 1);
    await expect(kept.begin()).rejects.toThrow('no such program');
    await kept.stop();
  });
});
