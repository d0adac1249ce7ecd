import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { connectionConfig } from '@lib/database';
import type { TestDatabase } from './test-database.js';

/** Stands between a process and PostgreSQL, for specs about a database that is away. */
export class DatabaseProxy {
  private readonly sockets = new Set<Socket>();
  private mode: 'open' | 'cut' | 'hanging' = 'open';

  private constructor(
    /** Login of the application, through the proxy. */
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(database: TestDatabase): Promise<DatabaseProxy> {
    const { host = '', port, user, password } = connectionConfig(database.urls.app);
    const target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port: Number(port) };
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const url = `postgresql://${user}:${password as string}@${address}/${database.name}`;
    const proxy = new DatabaseProxy(url, server);
    server.on('connection', (client) => proxy.accept(client, () => connect(target)));
    return proxy;
  }

  /** Every connection breaks, and none can be made. */
  cut(): void {
    this.mode = 'cut';
    for (const socket of this.sockets) socket.destroy();
  }

  /** Nothing comes through any more, and nothing is closed. */
  hang(): void {
    this.mode = 'hanging';
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** The database is back. What hung breaks. */
  restore(): void {
    for (const socket of this.sockets) socket.destroy();
    this.mode = 'open';
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private accept(client: Socket, dial: () => Socket): void {
    this.keep(client);
    if (this.mode === 'cut') client.destroy();
    if (this.mode !== 'open') return;
    const server = dial();
    this.keep(server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }
}
