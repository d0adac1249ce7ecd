import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { register } from 'prom-client';
import { createLogger } from './logger.js';

const LINES = 100;
const LONG = 'x'.repeat(65_536);

const ownOutput = process.stdout;
let output: Writable;
/** What the reader of the output has got. */
let read: string;
/** Lets the reader take what waits; undefined while it keeps up. */
let readOn: (() => void) | undefined;
let standsStill: boolean;

beforeEach(() => {
  read = '';
  readOn = undefined;
  standsStill = false;
  output = new Writable({
    write: (chunk: Buffer, _, done) => {
      read += chunk.toString();
      if (standsStill) readOn = done;
      else done();
    },
  });
  Object.defineProperty(process, 'stdout', { value: output, configurable: true });
  register.getSingleMetric('log_lines_dropped_total')?.reset();
});
afterEach(() => {
  Object.defineProperty(process, 'stdout', { value: ownOutput, configurable: true });
});

async function dropped(): Promise<number> {
  return (await register.getSingleMetric('log_lines_dropped_total')?.get())?.values[0]?.value ?? NaN;
}

function numbers(): number[] {
  const lines = read.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { n: number }).n);
}

describe('a log whose reader stands still', () => {
  test('keeps four mebibytes, counts the lines beyond, and goes on when it is read again', async () => {
    const logger = createLogger('info');
    standsStill = true;
    for (let n = 0; n < LINES; n += 1) logger.info({ n, LONG }, 'long');
    const lost = await dropped();
    expect(lost).toBeGreaterThan(0);
    expect(output.writableLength).toBeLessThan(4_194_304 + 2 * LONG.length);

    standsStill = false;
    const drained = once(output, 'drain');
    readOn?.();
    await drained;
    const kept = Array.from({ length: LINES - lost }, (_, n) => n);
    expect(numbers()).toEqual(kept);
    logger.info({ n: LINES }, 'again');
    expect(numbers()).toEqual([...kept, LINES]);
    expect(await dropped()).toBe(lost);
  });

  test('counts every line once nobody is there to read it, and does not end the process', async () => {
    const logger = createLogger('info');
    output.destroy(new Error('write EPIPE'));
    await new Promise((closed) => output.once('close', closed));
    for (let n = 0; n < 3; n += 1) logger.info('to nobody');
    await new Promise(setImmediate);
    expect(await dropped()).toBe(3);
    expect(read).toBe('');
  });
});
