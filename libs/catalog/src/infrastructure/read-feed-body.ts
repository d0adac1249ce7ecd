import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { FeedFetchFailed } from '../domain/feed.errors.js';

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
]);

/** What `readFeedBody` can undo, as an Accept-Encoding header. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/**
 * Reads and decompresses a response. Size is bounded on both sides of the decompression, while it streams, so a
 * compressed bomb costs at most `maxBytes`.
 * @throws FeedFetchFailed `feed_too_large`, or `feed_encoding` for a Content-Encoding that we did not ask for
 */
export async function readFeedBody(
  response: IncomingMessage,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (Number(response.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  const collect = async (source: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of source) chunks.push(chunk);
  };
  const bounded = (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> => bound(source, maxBytes);
  const decoder = decoderFor(response.headers['content-encoding']);
  if (decoder === null) await pipeline(response, bounded, collect, { signal });
  else await pipeline(response, bounded, decoder, bounded, collect, { signal });
  return Buffer.concat(chunks);
}

function decoderFor(encoding: string | undefined): Transform | null {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return null;
  const create = DECODERS.get(name);
  if (!create)
    throw new FeedFetchFailed('feed_encoding', `the content encoding "${name.slice(0, 40)}" is not read`);
  return create();
}

async function* bound(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function tooLarge(maxBytes: number): FeedFetchFailed {
  return new FeedFetchFailed('feed_too_large', `the feed is larger than ${maxBytes} bytes`);
}
