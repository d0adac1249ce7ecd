import { describe, expect, test } from '@jest/globals';
import type { LogImportReport } from '@lib/ingestion';
import { DomainError } from '@lib/primitives';
import { importThroughOutages } from './import-through-outages.js';

const REPORT = { lines: 10 } as LogImportReport;
const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const running = () => new DomainError('import_running', 409, 'This file is being imported already.');

/** Attempts that end one after the other as told; each stores a line more first. */
function attempts(...ends: (Error | LogImportReport)[]) {
  const lost: number[] = [];
  let made = 0;
  const result = (waitMs: number) =>
    importThroughOutages(
      async (onProgress) => {
        const end = ends[made];
        made += 1;
        onProgress(made);
        if (end === undefined || end instanceof Error) throw end ?? new Error('one attempt too many');
        return end;
      },
      { waitMs, onLost: (_, lines) => lost.push(lines) },
    );
  return { lost, result };
}

describe('an import', () => {
  test('goes on after each outage, and tells of each', async () => {
    const { lost, result } = attempts(away(), away(), REPORT);
    expect(await result(60_000)).toBe(REPORT);
    expect(lost).toEqual([1, 2]);
  });

  test('gives up when its patience ends, and says what to do', async () => {
    const { result } = attempts(away());
    await expect(result(0)).rejects.toThrow(
      'the database has not come back within 0 s (connect ECONNREFUSED). 1 lines are stored. ' +
        'Run the same command again: it goes on where it was, and counts nothing twice.',
    );
  });

  test('takes itself for the other importer only after an outage', async () => {
    let made = 0;
    const report = importThroughOutages(
      async () => {
        made += 1;
        if (made === 3) return REPORT;
        throw made === 1 ? away() : running();
      },
      { waitMs: 60_000, onLost: () => undefined },
    );
    expect(await report).toBe(REPORT);
  });

  test('does not repeat what is no outage', async () => {
    await expect(attempts(new Error('a defect'), REPORT).result(60_000)).rejects.toThrow('a defect');
    await expect(attempts(running(), REPORT).result(60_000)).rejects.toThrow('already');
  });
});
