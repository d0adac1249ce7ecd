import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { register } from 'prom-client';
import { readFramedLines } from '../../domain/spool/frame-line.js';
import { Spool } from './spool.js';
import { STALE_MS } from './spool-directory.js';

let root: string;
let opened: Spool[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(async () => {
  for (const spool of opened) await spool.close();
  opened = [];
  rmSync(root, { recursive: true, force: true });
});

const LIMITS = { maxBytes: 1_000_000, fileBytes: 100_000 };
function open(limits: Partial<typeof LIMITS> = {}, directory = root): Spool {
  const spool = new Spool(directory, { ...LIMITS, ...limits });
  opened.push(spool);
  return spool;
}
const directories = () => readdirSync(root).filter((name) => name.startsWith('edge-'));

/** Everything that lies on the disk, whoever wrote it. */
function onDisk(): string[] {
  return directories().flatMap((directory) =>
    readdirSync(join(root, directory)).flatMap(
      (name) => readFramedLines(readFileSync(join(root, directory, name), 'utf8')).lines,
    ),
  );
}

async function drained(spool: Spool): Promise<string[]> {
  await spool.seal();
  const lines: string[] = [];
  for (const file of spool.files()) {
    const contents = readFileSync(file.path).subarray(0, file.bytes).toString('utf8');
    lines.push(...readFramedLines(contents).lines);
    await spool.remove(file);
  }
  return lines;
}

async function gauge(): Promise<number | undefined> {
  return (await register.getSingleMetric('spool_bytes')?.get())?.values[0]?.value;
}

/** Makes a process look dead. */
function age(directory: string): void {
  const long = new Date(Date.now() - STALE_MS - 1_000);
  utimesSync(join(root, directory), long, long);
}

describe('a spool', () => {
  test('has every line on the disk when it says so, however many are written at once', async () => {
    const spool = open();
    const texts = Array.from({ length: 2_000 }, (_, n) => JSON.stringify({ n, name: 'Ünïcode 🎙' }));
    for (let start = 0; start < texts.length; start += 250) {
      await Promise.all(texts.slice(start, start + 250).map((text) => spool.append(text)));
      expect(onDisk()).toHaveLength(start + 250);
    }
    expect(await gauge()).toBeGreaterThan(2_000 * 30);
    expect((await drained(spool)).sort()).toEqual(texts.sort());
    expect(await gauge()).toBe(0);
    await spool.close();
    expect(readdirSync(root)).toEqual([]);
  });

  test('goes on in another file when one has grown', async () => {
    const spool = open({ fileBytes: 200 });
    for (let n = 0; n < 20; n += 1) await spool.append(`"${'x'.repeat(90)}${n}"`);
    expect(spool.files().length).toBeGreaterThanOrEqual(9);
    expect(await drained(spool)).toHaveLength(20);
  });

  test('takes lines while it is sealed and emptied, and loses none', async () => {
    const spool = open({ fileBytes: 500 });
    const found: string[] = [];
    const state = { writing: true };
    const written = Promise.all(
      Array.from({ length: 40 }, async (_, writer) => {
        for (let n = 0; n < 25; n += 1) await spool.append(`"${writer}-${n}"`);
      }),
    ).finally(() => (state.writing = false));
    while (state.writing) {
      found.push(...(await drained(spool)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await written;
    found.push(...(await drained(spool)));
    expect(found).toHaveLength(1_000);
    expect(new Set(found).size).toBe(1_000);
    expect(await gauge()).toBe(0);
  });

  test('a line that comes just when the file is closed goes into the next', async () => {
    const spool = open();
    await spool.append('"1"');
    await Promise.all([spool.append('"2"'), spool.seal(), spool.append('"3"')]);
    expect((await drained(spool)).sort()).toEqual(['"1"', '"2"', '"3"']);
  });

  test('refuses what goes beyond its limit, at once, and takes lines again when it was emptied', async () => {
    const spool = open({ maxBytes: 1_000 });
    const text = `"${'x'.repeat(88)}"`; // 100 bytes with its frame
    const answers = await Promise.allSettled(Array.from({ length: 25 }, () => spool.append(text)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(answers[10]).toMatchObject({ reason: { name: 'SpoolRefused', reason: 'full' } });
    expect(await gauge()).toBe(1_000);
    expect(await drained(spool)).toHaveLength(10);
    await spool.append(text);
    expect(await gauge()).toBe(100);
  });

  test('refuses while its disk fails, and takes lines again afterwards', async () => {
    const blocked = join(root, 'blocked');
    writeFileSync(blocked, 'a file where the directory should be');
    const spool = open({}, blocked);
    const answers = await Promise.allSettled([spool.append('"1"'), spool.append('"2"')]);
    expect(answers).toMatchObject([{ reason: { reason: 'failed' } }, { reason: { reason: 'failed' } }]);
    expect(await gauge()).toBe(0);
    rmSync(blocked);
    await spool.append('"3"');
    expect(await drained(spool)).toEqual(['"3"']);
  });
});

describe('several processes on one volume', () => {
  test('keep out of each other’s way', async () => {
    const [one, two] = [open(), open()];
    await Promise.all([one.append('"1"'), two.append('"2"')]);
    await one.adopt();
    await two.adopt();
    expect(directories()).toHaveLength(2);
    expect(await drained(one)).toEqual(['"1"']);
    expect(await drained(two)).toEqual(['"2"']);
  });

  test('take over what a dead one has left, each file once', async () => {
    const dead = open({ fileBytes: 150 });
    for (let n = 0; n < 30; n += 1) await dead.append(`"${'x'.repeat(50)}${n}"`);
    const [left = ''] = directories();
    // The line during which the process was killed.
    const [, file = ''] = readdirSync(join(root, left)).map((name) => join(root, left, name));
    appendFileSync(file, 'deadbeef {"torn":');
    age(left);
    const heirs = [open(), open(), open()];
    await Promise.all(heirs.map((heir) => heir.adopt()));
    const found = (await Promise.all(heirs.map(drained))).flat();
    expect(found).toHaveLength(30);
    expect(new Set(found).size).toBe(30);
    expect(directories()).not.toContain(left);
  });

  test('leave a file that does not fit to those with room', async () => {
    const dead = open();
    for (let n = 0; n < 10; n += 1) await dead.append(`"${'x'.repeat(88)}"`);
    const [left = ''] = directories();
    age(left);
    const small = open({ maxBytes: 500 });
    await small.adopt();
    expect(await drained(small)).toEqual([]);
    const large = open();
    await large.adopt();
    expect(await drained(large)).toHaveLength(10);
  });

  test('one that only stood still loses nothing to the one that thought it dead', async () => {
    const still = open();
    await still.append('"before"');
    const [directory = ''] = directories();
    age(directory);
    const heir = open();
    await heir.adopt();
    expect(await drained(heir)).toEqual(['"before"']);
    // It writes on, into a file that has been taken from it and deleted.
    await Promise.all([still.append('"after 1"'), still.append('"after 2"')]);
    expect((await drained(still)).sort()).toEqual(['"after 1"', '"after 2"']);
    expect(await gauge()).toBe(0);
  });

  test('one that ends in order leaves its lines to the next at once', async () => {
    const first = open();
    await first.append('"1"');
    await first.close();
    const second = open();
    await second.adopt();
    expect(await drained(second)).toEqual(['"1"']);
  });

  test('a time of the clock that lies ahead does not keep a dead one’s lines for ever', async () => {
    const dead = open();
    await dead.append('"1"');
    const ahead = new Date(Date.now() + 3_600_000);
    utimesSync(join(root, directories()[0] ?? ''), ahead, ahead);
    const heir = open();
    await heir.adopt();
    expect(await drained(heir)).toEqual(['"1"']);
  });

  test('nothing else in the directory is touched', async () => {
    mkdirSync(join(root, 'lost+found'));
    writeFileSync(join(root, 'notes.txt'), 'mine');
    const spool = open();
    await spool.append('"1"');
    await spool.adopt();
    await drained(spool);
    await spool.close();
    expect(readdirSync(root).sort()).toEqual(['lost+found', 'notes.txt']);
  });
});
