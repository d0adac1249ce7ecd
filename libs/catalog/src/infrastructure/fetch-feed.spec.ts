import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { FeedFetchFailed } from '../domain/feed.errors.js';
import { fetchFeed, type FetchFeedOptions } from './fetch-feed.js';
import { isPublicAddress } from './outbound-address.js';
import type { OutboundPolicy } from './outbound-policy.js';

/** A web server on loopback that counts the connections it gets, whether or not a request follows. */
interface CountingServer {
  readonly port: number;
  connections: number;
  handler: RequestListener;
  close(): Promise<void>;
}

async function startServer(address: string, port = 0): Promise<CountingServer> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => counting.handler(request, response));
  server.on('connection', (socket) => {
    counting.connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const counting: CountingServer = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    handler: (_, response) => response.end('<rss/>'),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return counting;
}

async function failure(fetching: Promise<unknown>): Promise<FeedFetchFailed> {
  try {
    await fetching;
  } catch (error) {
    if (error instanceof FeedFetchFailed) return error;
    throw error;
  }
  throw new Error('the feed was fetched');
}

const AGENT: FetchFeedOptions = { userAgent: 'test/1', timeoutMs: 5000 };

/** Answers every name with these addresses, one list per question; the last one repeats. */
function resolver(...answers: string[][]): OutboundPolicy['resolve'] {
  let asked = 0;
  return async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
}

let server: CountingServer;
let url: string;
/** Reaches the server: any address, any port. */
const open: FetchFeedOptions = { ...AGENT, allowPrivateAddresses: true };

beforeEach(async () => {
  server = await startServer('127.0.0.1');
  url = `http://127.0.0.1:${server.port}/feed.xml`;
});
afterEach(() => server.close());

describe('addresses that a tenant must not reach', () => {
  /** The policy of production, with the one port open on which the private server waits. */
  const guarded = (resolve: OutboundPolicy['resolve']): FetchFeedOptions => ({
    ...AGENT,
    policy: { ports: new Set([server.port, 80, 443]), resolve },
  });

  test.each([
    '127.0.0.1', '127.1', '2130706433', '0x7f000001', '0177.0.0.1', '0.0.0.0', '0', '[::]', '[::1]',
    '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::7f00:1]',
    '[2002:7f00:1::]', '[2001:0:7f00:1::]', '[fd00::1]', '[fe80::1]', '100.64.0.1', '169.254.169.254', '10.0.0.1',
    '172.16.0.1', '192.168.0.1', '198.18.0.1', '192.0.0.8', '224.0.0.1', '240.0.0.1', '255.255.255.255',
    '１２７.０.０.１', '127。0。0。1', '127.0.0.1.', '%31%32%37.0.0.1',
  ])('%s as such', async (host) => {
    const error = await failure(fetchFeed(`http://${host}:${server.port}/`, guarded(resolver(['8.8.8.8']))));
    expect(error.code).toBe('feed_address_refused');
    expect(server.connections).toBe(0);
  }); // prettier-ignore

  test.each([
    ['127.0.0.1'], ['::1'], ['::ffff:127.0.0.1'], ['64:ff9b::7f00:1'], ['169.254.169.254'], ['10.1.2.3'],
    ['fd00::1'], ['fe80::1%lo'], ['0.0.0.0'], ['8.8.8.8', '127.0.0.1'], ['127.0.0.1', '8.8.8.8'],
    ['2606:4700::1111', '::1'],
  ])('names that lead to %j', async (...addresses) => {
    for (const name of ['rebind.example', 'localhost', 'LOCALHOST.']) {
      const error = await failure(fetchFeed(`http://${name}:${server.port}/`, guarded(resolver(addresses))));
      expect(error.code).toBe('feed_address_refused');
    }
    expect(server.connections).toBe(0);
  }); // prettier-ignore

  test('the names of this machine, by its own resolver', async () => {
    const options = { ...AGENT, policy: { ports: null } };
    for (const name of ['localhost', 'localhost.', 'LOCALHOST']) {
      const { code } = await failure(fetchFeed(`http://${name}:${server.port}/`, options));
      expect(['feed_address_refused', 'feed_network']).toContain(code);
    }
    expect(server.connections).toBe(0);
  });

  test('ports that belong to other services', async () => {
    const resolve = jest.fn(resolver(['8.8.8.8']));
    for (const port of [22, 25, 5432, 6379, server.port]) {
      const error = await failure(fetchFeed(`http://a.example:${port}/`, { ...AGENT, policy: { resolve } }));
      expect(error.code).toBe('feed_address_refused');
    }
    expect(resolve).not.toHaveBeenCalled();
  });

  test.each([
    'file:///etc/passwd', 'gopher://127.0.0.1/', 'data:text/xml,<rss/>', 'ftp://a.example/', 'javascript:1',
    'http://user@127.0.0.1/', 'http://user:pass@a.example/', 'http:\\\\127.0.0.1/', 'http://a.example\\@127.0.0.1/',
    'http://127.0.0.1\t/', 'http://127.0.\r\n0.1/', ' http://127.0.0.1/', 'http://127.0.0.1/ x', 'http://[fe80::1%25eth0]/',
    '//a.example/', 'a.example', '', 'http://\u0000a.example/',
  ])('%j is no address of a feed', async (address) => {
    expect((await failure(fetchFeed(address, open))).code).toBe('feed_url_invalid');
    expect(server.connections).toBe(0);
  }); // prettier-ignore

  test('an address too long to be one', async () => {
    const address = `http://a.example/${'x'.repeat(4096)}`;
    expect((await failure(fetchFeed(address, open))).code).toBe('feed_url_invalid');
  });

  test('our own host', async () => {
    const policy = { refusedHosts: new Set(['stats.example']), resolve: resolver(['127.0.0.1']) };
    for (const host of ['stats.example', 'STATS.example.']) {
      const error = await failure(fetchFeed(`http://${host}:${server.port}/`, { ...open, policy }));
      expect(error.code).toBe('feed_address_refused');
    }
    expect(server.connections).toBe(0);
  });
});

describe('redirects into a private network', () => {
  /** 127.0.0.1 plays the internet here and 127.0.0.2 the private network. */
  let secret: CountingServer;
  const allowsAddress = (ip: string): boolean => ip === '127.0.0.1' || isPublicAddress(ip);

  beforeEach(async () => {
    secret = await startServer('127.0.0.2', server.port);
  });
  afterEach(() => secret.close());

  test.each([301, 302, 303, 307, 308])(
    '%d to a private address is refused before a connection',
    async (status) => {
      server.handler = (_, response) => {
        response.writeHead(status, { location: `http://127.0.0.2:${server.port}/latest/meta-data` }).end();
      };
      const error = await failure(fetchFeed(url, { ...AGENT, policy: { allowsAddress, ports: null } }));
      expect(error.code).toBe('feed_address_refused');
      expect([server.connections, secret.connections]).toEqual([1, 0]);
    },
  );

  test('a name that is public at first and private at the redirect is refused', async () => {
    server.handler = (_, response) => response.writeHead(302, { location: '/again' }).end();
    const policy = { allowsAddress, ports: null, resolve: resolver(['127.0.0.1'], ['127.0.0.2']) };
    const error = await failure(fetchFeed(`http://rebind.example:${server.port}/`, { ...AGENT, policy }));
    expect(error.code).toBe('feed_address_refused');
    expect([server.connections, secret.connections]).toEqual([1, 0]);
  });

  test('the connection goes to the very address that was checked', async () => {
    const policy = { allowsAddress, ports: null, resolve: resolver(['127.0.0.1'], ['127.0.0.2']) };
    await fetchFeed(`http://rebind.example:${server.port}/`, { ...AGENT, policy });
    expect([server.connections, secret.connections]).toEqual([1, 0]);
  });

  test('to another scheme, another port, or with credentials', async () => {
    for (const location of [
      'file:///etc/passwd',
      'http://127.0.0.1:6379/',
      'http://me@127.0.0.1/',
      'gopher://x/',
    ]) {
      server.handler = (_, response) => response.writeHead(302, { location }).end();
      const policy = { allowsAddress, ports: new Set([server.port]) };
      const error = await failure(fetchFeed(url, { ...AGENT, policy }));
      expect(error.code).toBe('feed_address_refused');
    }
  });
});

describe('redirects', () => {
  const route = (paths: Record<string, [number, string]>): RequestListener => {
    return (request, response) => {
      const [status, location] = paths[request.url ?? ''] ?? [200, ''];
      response.writeHead(status, location ? { location } : {}).end('<rss/>');
    };
  };
  const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

  test('are followed, and a permanent move is told apart from a temporary one', async () => {
    server.handler = route({
      '/feed.xml': [301, '/moved'],
      '/moved': [308, '/here'],
      '/here': [302, '/today'],
    });
    expect(await fetchFeed(url, open)).toMatchObject({
      finalUrl: at('/today'),
      permanentRedirect: at('/here'),
    });
    server.handler = route({ '/feed.xml': [302, '/moved'], '/moved': [301, '/here'] });
    expect(await fetchFeed(url, open)).toMatchObject({ finalUrl: at('/here'), permanentRedirect: null });
  });

  test('are told of a feed that has moved without a change', async () => {
    server.handler = (request, response) => {
      const moved = request.url === '/feed.xml';
      response.writeHead(moved ? 301 : 304, moved ? { location: '/here' } : {}).end();
    };
    const unchanged = { status: 'not_modified', permanentRedirect: at('/here') };
    expect(await fetchFeed(url, { ...open, etag: '"1"', copyUrl: at('/here') })).toEqual(unchanged);
  });

  test('ask with validators only where the copy came from', async () => {
    const asked: unknown[] = [];
    server.handler = ({ url: path, headers }, response) => {
      asked.push([path, headers['if-none-match'], headers['if-modified-since']]);
      const moved = path === '/feed.xml';
      response.writeHead(moved ? 302 : 200, moved ? { location: '/here' } : {}).end('<rss/>');
    };
    const validators = { etag: '"1"', lastModified: 'yesterday' };
    await fetchFeed(url, { ...open, ...validators, copyUrl: url });
    await fetchFeed(url, { ...open, ...validators, copyUrl: at('/here') });
    await fetchFeed(url, { ...open, ...validators });
    expect(asked).toEqual([
      ['/feed.xml', '"1"', 'yesterday'],
      ['/here', undefined, undefined],
      ['/feed.xml', undefined, undefined],
      ['/here', '"1"', 'yesterday'],
      ['/feed.xml', undefined, undefined],
      ['/here', undefined, undefined],
    ]);
  });

  test('stop after five, so that a loop ends', async () => {
    server.handler = route({ '/feed.xml': [302, '/feed.xml'] });
    expect((await failure(fetchFeed(url, open))).code).toBe('feed_redirects');
    expect(server.connections).toBe(6);
  });
});

describe('what a server answers', () => {
  test('the bytes and what is needed to ask again', async () => {
    server.handler = (request, response) => {
      expect(request.headers['user-agent']).toBe('test/1');
      expect(request.headers['if-none-match']).toBeUndefined();
      const headers = {
        'content-type': 'text/xml; charset=utf-8',
        etag: '"1"',
        'last-modified': 'Sat, 17 Oct 2026 06:15:00 GMT',
      };
      response.writeHead(200, headers).end('<rss>é</rss>');
    };
    expect(await fetchFeed(`${url}#part`, open)).toEqual({
      status: 'fetched',
      bytes: Buffer.from('<rss>é</rss>'),
      contentType: 'text/xml; charset=utf-8',
      etag: '"1"',
      lastModified: 'Sat, 17 Oct 2026 06:15:00 GMT',
      finalUrl: url,
      permanentRedirect: null,
    });
  });

  test('nothing has changed, when it was asked so', async () => {
    server.handler = (request, response) => {
      const same =
        request.headers['if-none-match'] === '"1"' || request.headers['if-modified-since'] === 'yesterday';
      response.writeHead(same ? 304 : 200).end();
    };
    const unchanged = { status: 'not_modified', permanentRedirect: null };
    const here = { ...open, copyUrl: url };
    expect(await fetchFeed(url, { ...here, etag: '"1"' })).toEqual(unchanged);
    expect(await fetchFeed(url, { ...here, lastModified: 'yesterday' })).toEqual(unchanged);
    expect((await fetchFeed(url, { ...here, etag: '"2"' })).status).toBe('fetched');
  });

  test.each([304, 206, 404, 410, 429, 500, 503])('%d as a failure with its status', async (status) => {
    server.handler = (_, response) => response.writeHead(status, { 'retry-after': '120' }).end();
    const error = await failure(fetchFeed(url, open));
    expect(error).toMatchObject({
      code: 'feed_status',
      feedStatus: status,
      extra: { retryAfterSeconds: 120 },
    });
  });

  test.each([
    ['gzip', gzipSync('<rss/>')],
    ['x-gzip', gzipSync('<rss/>')],
    ['deflate', deflateSync('<rss/>')],
    ['br', brotliCompressSync('<rss/>')],
    ['identity', Buffer.from('<rss/>')],
  ])('%s is undone', async (encoding, body) => {
    server.handler = (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
    expect(await fetchFeed(url, open)).toMatchObject({ bytes: Buffer.from('<rss/>') });
  });

  test.each([
    ['zstd', Buffer.from('x')],
    ['gzip, gzip', gzipSync(gzipSync('<rss/>'))],
    ['gzip', Buffer.from('<rss/>')],
    ['gzip', gzipSync('<rss>'.repeat(1000)).subarray(0, 30)],
    ['br', Buffer.from('<rss/>')],
  ])('%s that cannot be undone is told', async (encoding, body) => {
    server.handler = (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(body);
    expect((await failure(fetchFeed(url, open))).code).toBe('feed_encoding');
  });
});

describe('bounds', () => {
  const MIB = 1024 * 1024;

  test('a feed may be as large as allowed, not a byte more, announced or not', async () => {
    const options = { ...open, maxBytes: 1000 };
    for (const announced of [true, false]) {
      const answer =
        (size: number): RequestListener =>
        (_, response) => {
          if (announced) response.setHeader('content-length', size);
          response.write(Buffer.alloc(size));
          response.end();
        };
      server.handler = answer(1000);
      expect(await fetchFeed(url, options)).toMatchObject({ bytes: Buffer.alloc(1000) });
      server.handler = answer(1001);
      expect((await failure(fetchFeed(url, options))).code).toBe('feed_too_large');
    }
  });

  test.each([
    ['gzip', gzipSync(Buffer.alloc(100 * MIB))],
    ['deflate', deflateSync(Buffer.alloc(100 * MIB))],
    ['br', brotliCompressSync(Buffer.alloc(40 * MIB))],
  ])('a bomb in %s costs no more than the limit', async (encoding, bomb) => {
    server.handler = (_, response) => response.writeHead(200, { 'content-encoding': encoding }).end(bomb);
    const before = process.memoryUsage().arrayBuffers;
    expect((await failure(fetchFeed(url, open))).code).toBe('feed_too_large');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
  });

  test('an endless body is left', async () => {
    server.handler = (_, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(Buffer.alloc(64 * 1024), () => setImmediate(more));
      };
      more();
    };
    expect((await failure(fetchFeed(url, { ...open, maxBytes: MIB }))).code).toBe('feed_too_large');
  });

  test.each<[string, RequestListener]>([
    ['never answers', () => undefined],
    ['never ends its body', (_, response) => void response.write('<rss>')],
    [
      'drips',
      (_, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'redirects slowly',
      (_, response) => void setTimeout(() => response.writeHead(302, { location: '/' }).end(), 120),
    ],
  ])('a server that %s is left in time', async (_, handler) => {
    server.handler = handler;
    const start = performance.now();
    expect((await failure(fetchFeed(url, { ...open, timeoutMs: 300 }))).code).toBe('feed_timeout');
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('a resolver that never answers is left in time', async () => {
    const policy = { resolve: () => new Promise<never>(() => undefined) };
    const error = await failure(fetchFeed('http://a.example/', { ...AGENT, timeoutMs: 200, policy }));
    expect(error.code).toBe('feed_timeout');
  });

  test('no connection stays open behind a failure', async () => {
    const closed = new Promise<void>((resolve) => {
      server.handler = (_, response) => {
        response.on('close', resolve);
        response.writeHead(500).write('and then nothing');
      };
    });
    await failure(fetchFeed(url, open));
    await closed;
  });

  test('network failures are told without addresses', async () => {
    const { port } = server;
    await server.close();
    const refused = await failure(fetchFeed(`http://127.0.0.1:${port}/`, open));
    expect(refused).toMatchObject({ code: 'feed_network', message: expect.stringContaining('ECONNREFUSED') });
    expect(refused.message).not.toContain('127.0.0.1');
    const nameless = await failure(
      fetchFeed('http://a.example/', { ...AGENT, policy: { resolve: resolver([]) } }),
    );
    expect(nameless.code).toBe('feed_network');
    server = await startServer('127.0.0.1');
  });

  test('a connection that breaks off is a network failure', async () => {
    server.handler = (_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('<rss>', () => response.destroy());
    };
    expect((await failure(fetchFeed(url, open))).code).toBe('feed_network');
  });
});
