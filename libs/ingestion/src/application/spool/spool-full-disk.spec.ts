import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readFramedLines } from '../../domain/spool/frame-line.js';
import { Spool } from './spool.js';

const disk = mkdtempSync(join(tmpdir(), 'spool-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]).status === 0;
if (!mounted)
  process.stdout.write('\nSKIPPED: the spool on a full disk. It needs the right to mount a tmpfs.\n');
afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true, force: true });
});

async function drained(spool: Spool): Promise<string[]> {
  await spool.seal();
  const lines: string[] = [];
  for (const file of spool.files()) {
    lines.push(...readFramedLines(readFileSync(file.path, 'utf8')).lines);
    await spool.remove(file);
  }
  return lines;
}

(mounted ? test : test.skip)(
  'a full disk costs the lines that do not fit, and none that was taken or that comes after',
  async () => {
    const spool = new Spool(disk, { maxBytes: 100_000_000, fileBytes: 100_000 });
    const taken: string[] = [];
    const refused: string[] = [];
    for (let group = 0; group < 60; group += 1) {
      const texts = Array.from({ length: 50 }, (_, n) => `"${group}-${n}-${'x'.repeat(100)}"`);
      const answers = await Promise.allSettled(texts.map((text) => spool.append(text)));
      answers.forEach(({ status }, n) => (status === 'fulfilled' ? taken : refused).push(texts[n] ?? ''));
    }
    expect(taken.length).toBeGreaterThan(1_000);
    expect(refused.length).toBeGreaterThan(500);
    expect((await drained(spool)).sort()).toEqual(taken.sort());

    writeFileSync(join(disk, 'ballast'), Buffer.alloc(150_000));
    await spool.append('"once there is room again"');
    expect(await drained(spool)).toEqual(['"once there is room again"']);
    await spool.close();
    expect(readdirSync(disk)).toEqual(['ballast']);
  },
);
