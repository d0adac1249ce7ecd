import { hashRequest, LogReader } from '@lib/ingestion';
import { DAY_MS, floorTime } from '@lib/primitives';
import { CommandFailed } from '../command.errors.js';
import { renderTable } from '../render-table.js';
import { SAMPLE_FORMATS, sampleLogLines, type SampleFormat } from './sample-log-lines.js';
import { spread } from './spread.js';

const LINES = 100_000;
const ROUNDS = 5;

/**
 * How many lines of each format one core reads in a second: parsed, then also with the event's id and the hash of what it
 * says, beside taking the same lines apart at blanks and tabs.
 */
export function parseLogs(columns: number): string {
  const rows = SAMPLE_FORMATS.map((format) => {
    const lines = sampleLogLines(format, LINES, floorTime(new Date(), DAY_MS).getTime() - DAY_MS);
    const texts = Buffer.from(lines.join('\n'));
    const split = linesPerMs(texts, (each) => void each.map((line) => line.split(/[\t ]/)));
    const read = linesPerMs(texts, (each) => readAll(format, each));
    const perSecond = Math.round(read * 1_000).toLocaleString('en');
    return [perSecond, (split / read).toFixed(1), format];
  });
  return renderTable(
    ['lines a second', 'time / splitting', 'read with id and hash, one core'],
    rows,
    columns,
  );
}

function readAll(format: SampleFormat, lines: readonly string[]): void {
  const reader = new LogReader(format, 'bench', { fromMs: 0, nowMs: Date.now() });
  let read = 0;
  for (const line of lines) {
    const found = reader.read(line);
    if (found === null || typeof found === 'string') continue;
    hashRequest(found.request);
    read += 1;
  }
  if (read !== LINES) throw new CommandFailed(`${read} of ${LINES} lines of ${format} were understood`);
}

/** By processor time, which hardly depends on what else the machine does. Texts are new in memory, as those of a file. */
function linesPerMs(texts: Buffer, work: (lines: string[]) => void): number {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const lines = texts.toString().split('\n');
    const before = process.cpuUsage();
    work(lines);
    const { user, system } = process.cpuUsage(before);
    rates.push((1_000 * lines.length) / (user + system));
  }
  return spread(rates).median;
}
