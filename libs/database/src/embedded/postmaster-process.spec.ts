import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { discardStalePidFile } from './postmaster-process.js';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'pid-file-spec-'));
});
afterEach(() => rmSync(data, { recursive: true }));

const afterDiscarding = async (content: string) => {
  writeFileSync(join(data, 'postmaster.pid'), content);
  await discardStalePidFile(data);
  return readdirSync(data);
};

describe('a pid file', () => {
  test('of another program is discarded', async () => {
    expect(await afterDiscarding(`${process.pid}\n${data}\n`)).toEqual([]);
  });

  test('that a starting server has not written yet stays', async () => {
    expect(await afterDiscarding('')).toEqual(['postmaster.pid']);
  });
});
