import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ListRejected } from '../domain/classification/list.errors.js';
import { LIST_FILE_BYTES } from '../domain/classification/list-limits.js';
import { fetchListFile } from './fetch-list-file.js';

const asked: { url: string | undefined; accept: string | undefined }[] = [];
let server: Server;
let base: string;
beforeAll(async () => {
  server = createServer(({ url, headers }, response) => {
    asked.push({ url, accept: headers.accept });
    if (url === '/lists/bots.json') response.end('{"entries":[]}');
    else if (url === '/lists/apps.json') response.end(Buffer.alloc(LIST_FILE_BYTES + 1, 0x20));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lists`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const OWN_NETWORK = { allowPrivateAddresses: true };
const INTERNET = { allowPrivateAddresses: false };

test('fetches a file of the folder as JSON', async () => {
  const bytes = await fetchListFile(`${base}/`, 'bots', OWN_NETWORK);
  expect(Buffer.from(bytes).toString()).toBe('{"entries":[]}');
  expect(asked.at(-1)).toEqual({
    url: '/lists/bots.json',
    accept: expect.stringContaining('application/json'),
  });
});

describe('refuses', () => {
  test.each([
    ['a file that is too large', 'apps', 'feed_too_large'],
    ['a file that is not there', 'devices', 'feed_status'],
  ] as const)('%s', async (_, file, reason) => {
    await expect(fetchListFile(base, file, OWN_NETWORK)).rejects.toThrow(ListRejected);
    await expect(fetchListFile(base, file, OWN_NETWORK)).rejects.toThrow(`${base}/${file}.json: ${reason}`);
  });

  test.each([
    'https://127.0.0.1/x',
    'https://[::1]/x',
    'https://169.254.169.254/latest',
    'https://localhost/x',
  ])('the own network: %s', async (place) => {
    await expect(fetchListFile(place, 'bots', INTERNET)).rejects.toThrow('feed_address_refused');
  });
});
