import { Readable, pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Lines of access logs are some hundred bytes; the longest header that servers take makes a few thousand. */
const MAX_LINE_BYTES = 64 * 1024;
const NEWLINE = 10;

/** A line of a file. */
export interface FileLine {
  /** Without its line end; null for a line longer than 64 KiB. */
  readonly text: string | null;
  /** Where the next line begins, in bytes of the unpacked file. */
  readonly endByte: number;
}

/**
 * Reads a file line by line, some at a time, in memory that does not grow with it. Unpacks gzip, of one or several
 * members. Text is UTF-8; bytes that are none become U+FFFD.
 * @throws the error of the source, or of a damaged or cut gzip file after the lines before it
 */
export async function* readLogLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<FileLine[]> {
  let partial: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  let startByte = 0;
  for await (const chunk of unpack(source)) {
    const bytes = partial.length === 0 ? chunk : Buffer.concat([partial, chunk]);
    const lines: FileLine[] = [];
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE, partial.length); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      lines.push({ text: isTooLong ? null : lineText(bytes, from, end), endByte: startByte + end + 1 });
      isTooLong = false;
      from = end + 1;
    }
    startByte += from;
    partial = bytes.subarray(from);
    if (partial.length > MAX_LINE_BYTES) {
      isTooLong = true;
      startByte += partial.length;
      partial = Buffer.alloc(0);
    }
    if (lines.length > 0) yield lines;
  }
  if (isTooLong || partial.length > 0) {
    const text = isTooLong ? null : lineText(partial, 0, partial.length);
    yield [{ text, endByte: startByte + partial.length }];
  }
}

function lineText(bytes: Buffer, from: number, end: number): string | null {
  if (end - from > MAX_LINE_BYTES) return null;
  return bytes.toString('utf8', from, end > from && bytes[end - 1] === 13 ? end - 1 : end);
}

async function* unpack(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const start = await startOf(chunks);
  const whole = Readable.from(again(start, chunks));
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  // The callback only keeps pipeline from throwing: errors come out of the stream that is read.
  const stream = isGzip ? pipeline(whole, createGunzip(), () => undefined) : whole;
  for await (const chunk of stream as AsyncIterable<Uint8Array>)
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

/** As many chunks as it takes to tell what the file is. */
async function startOf(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

async function* again(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (start.length > 0) yield start;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // A reader that stops early must not leave the file open.
    await rest.return?.();
  }
}
