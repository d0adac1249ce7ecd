import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { fastify } from 'fastify';
import type { OutgoingFile } from '../../application/exports/export-files.service.js';
import { sendFile } from './send-file.js';

const MEBIBYTE = Buffer.alloc(1 << 20, 'x');

const server = fastify();
let file: OutgoingFile;
let sent: number;
let ended: Promise<void>;

beforeAll(async () => {
  server.get('/file', (_, reply) => sendFile(reply, file));
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => server.close());
beforeEach(() => void (sent = 0));

/** A file that goes on until nobody wants it any more, or breaks after so many pieces. */
function endless(breaksAfter = Infinity, length: number | null = null): OutgoingFile {
  let end: () => void;
  ended = new Promise((resolve) => (end = resolve));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      while (sent < breaksAfter) {
        sent += 1;
        yield MEBIBYTE;
      }
      throw new Error('the file is gone');
    } finally {
      end();
    }
  }
  return { name: 'plays', format: 'ndjson', length, bytes: bytes() };
}

async function fetchFile(): Promise<IncomingMessage> {
  const { port } = server.server.address() as AddressInfo;
  const [response] = (await once(get(`http://127.0.0.1:${port}/file`), 'response')) as [IncomingMessage];
  return response;
}

test('reads no further than its client does, and stops when the client leaves', async () => {
  file = endless();
  const response = await fetchFile();
  await once(response, 'readable');
  await new Promise((resolve) => setTimeout(resolve, 300));
  // What the sockets on both sides hold, and a piece on the way.
  const read = sent;
  expect(read).toBeLessThan(30);
  response.destroy();
  await ended;
  expect(sent).toBeLessThanOrEqual(read + 1);
});

test.each([null, 5 * MEBIBYTE.length])(
  'breaks the connection when reading fails, so that half a file is not taken for the whole (length %s)',
  async (length) => {
    file = endless(3, length);
    const response = await fetchFile();
    response.resume();
    const outcome = await Promise.race([
      once(response, 'error').then(([error]) => (error as NodeJS.ErrnoException).code),
      once(response, 'end').then(() => 'end'),
    ]).catch((error: unknown) => (error as NodeJS.ErrnoException).code);
    expect(outcome).toBe('ECONNRESET');
  },
);
