import type { Pool } from 'pg';
import { DataSource, type EntitySchema, type QueryRunner } from 'typeorm';
import { connectionConfig } from './connection.js';
import { hangLimit, PooledClient } from './pooled-client.js';
import { guardReleases } from './release-guard.js';

export interface LoginSourceOptions {
  poolSize: number;
  connectionTimeoutMs: number;
  statementTimeoutMs: number;
  entities: readonly (EntitySchema | (new () => object))[];
  onError: (error: Error) => void;
  onGuardDestroyed: () => void;
}

/** For how long a server that could not be reached is left alone. */
const REST_MS = 10_000;

/** TypeORM's connections to one server, opened at first use, so that a process can start before its database. */
export class LoginSource {
  private readonly source: DataSource;
  private opening: Promise<DataSource> | undefined;
  private restsUntil = 0;

  constructor(
    url: string,
    private readonly options: LoginSourceOptions,
  ) {
    const { host, port, user, password, database, ssl } = connectionConfig(url);
    this.source = new DataSource({
      type: 'postgres',
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(user === undefined ? {} : { username: user }),
      ...(password === undefined ? {} : { password: password as string }),
      ...(database === undefined ? {} : { database }),
      ...(ssl === undefined ? {} : { ssl: ssl as boolean }),
      entities: [...options.entities],
      installExtensions: false,
      synchronize: false,
      logging: false,
      poolErrorHandler: options.onError,
      extra: {
        max: options.poolSize,
        connectionTimeoutMillis: options.connectionTimeoutMs,
        keepAlive: true,
        query_timeout: hangLimit(options.statementTimeoutMs),
        Client: PooledClient,
      },
    });
  }

  /** A query runner with no connection yet. Opens the pool at first use. */
  async queryRunner(): Promise<QueryRunner> {
    return (await this.open()).createQueryRunner();
  }

  /** Whether the server was not reached a moment ago. */
  get resting(): boolean {
    return Date.now() < this.restsUntil;
  }

  /** Leaves the server alone for a while. */
  rest(): void {
    this.restsUntil = Date.now() + REST_MS;
  }

  /** Closes the pool if it was opened. */
  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    if (this.source.isInitialized) await this.source.destroy();
  }

  private open(): Promise<DataSource> {
    this.opening ??= this.source.initialize().then(
      (source) => {
        guardReleases((source.driver as unknown as { master: Pool }).master, this.options.onGuardDestroyed);
        return source;
      },
      (error: unknown) => {
        this.opening = undefined;
        throw error;
      },
    );
    return this.opening;
  }
}
