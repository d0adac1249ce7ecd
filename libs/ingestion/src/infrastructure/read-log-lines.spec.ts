import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readLogLines, type FileLine } from './read-log-lines.js';

async function read(bytes: Uint8Array, chunkBytes = 7): Promise<FileLine[]> {
  const all: FileLine[] = [];
  for await (const lines of readLogLines(chunks(bytes, chunkBytes))) all.push(...lines);
  return all;
}
async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const texts = async (text: string) => (await read(Buffer.from(text))).map((line) => line.text);

test('lines end with a newline, with or without a carriage return, and the last one need not', async () => {
  expect(await texts('one\ntwo\r\n\nlast')).toEqual(['one', 'two', '', 'last']);
  expect(await texts('one\n')).toEqual(['one']);
  expect(await texts('')).toEqual([]);
});

test('characters may lie on both sides of a chunk', async () => {
  const text = 'é…𝄞\n'.repeat(20);
  expect(await texts(text)).toEqual(Array.from({ length: 20 }, () => 'é…𝄞'));
});

test('whatever the chunks and the packing, lines and places are the same', async () => {
  const someLines = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 40 }).map((s) => s.replace(/[\r\n]/g, '')),
  );
  await fc.assert(
    fc.asyncProperty(
      someLines,
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      async (lines, size, packed) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const found = await read(packed ? gzipSync(bytes) : bytes, size);
        expect(found.map(({ text }) => text)).toEqual(lines.map((line) => line.toWellFormed()));
        expect(found.at(-1)?.endByte ?? 0).toBe(bytes.length);
      },
    ),
    { numRuns: 200 },
  );
});

describe('lines too long for a log', () => {
  const long = 'x'.repeat(200_000);
  test.each([100, 50_000, 1_000_000])('are told and skipped, in chunks of %s', async (chunkBytes) => {
    const bytes = Buffer.from(`one\n${long}\ntwo\n${long}`);
    const found = await read(bytes, chunkBytes);
    expect(found.map(({ text }) => text)).toEqual(['one', null, 'two', null]);
    expect(found.at(-1)?.endByte).toBe(bytes.length);
  });
});

test('several packed files in one are one file', async () => {
  const bytes = Buffer.concat([gzipSync('one\n'), gzipSync('two\n')]);
  expect((await read(bytes)).map(({ text }) => text)).toEqual(['one', 'two']);
});

test('a cut packed file gives its lines before it fails', async () => {
  const packed = gzipSync(
    Array.from({ length: 50_000 }, (_, index) => `${index} ${Math.sin(index)}\n`).join(''),
  );
  const found: FileLine[] = [];
  const reading = (async () => {
    for await (const lines of readLogLines(chunks(packed.subarray(0, packed.length / 2), 10_000)))
      found.push(...lines);
  })();
  await expect(reading).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  expect(found.length).toBeGreaterThan(10_000);
});

test('a reader that stops early closes the file', async () => {
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield Buffer.from('line\n');
    } finally {
      closed = true;
    }
  }
  const lines = readLogLines(endless());
  await lines.next();
  await lines.return(undefined);
  expect(closed).toBe(true);
});
