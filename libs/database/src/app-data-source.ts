import type { TenantId } from '@lib/primitives';
import type { Pool } from 'pg';
import { DataSource, type EntitySchema, type QueryRunner } from 'typeorm';
import { assumeRole, connectionConfig } from './connection.js';
import { PooledClient } from './pooled-client.js';
import { guardReleases } from './release-guard.js';

export interface AppDataSourceOptions {
  url: string;
  replicaUrls: readonly string[];
  poolSize: number;
  connectionTimeoutMs: number;
  statementTimeoutMs: number;
  lockTimeoutMs: number;
  entities: readonly (EntitySchema | (new () => object))[];
  onError: (error: Error) => void;
  onGuardDestroyed: () => void;
}

interface PostgresDriver {
  master: Pool;
  slaves?: Pool[];
}

/** SQL that names the tenant for the rest of the transaction. Text is safe: a `TenantId` is a proven UUID. */
export function tenantContext(tenantId: TenantId): string {
  return `SELECT public.set_tenant_context('${tenantId}')`;
}

/**
 * TypeORM's connections as `podcast_app`, opened at first use, so that a process can start before its database.
 *
 * Only `TenantDb` uses it. Nothing injects a `Repository` or runs a query outside a tenant's transaction.
 */
export class AppDataSource {
  private readonly source: DataSource;
  private opening: Promise<DataSource> | undefined;

  constructor(private readonly options: AppDataSourceOptions) {
    const login = (url: string) => {
      const { host, port, user, password, database, ssl } = connectionConfig(url);
      return {
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port }),
        ...(user === undefined ? {} : { username: user }),
        ...(password === undefined ? {} : { password: password as string }),
        ...(database === undefined ? {} : { database }),
        ...(ssl === undefined ? {} : { ssl: ssl as boolean }),
      };
    };
    this.source = new DataSource({
      type: 'postgres',
      ...(options.replicaUrls.length === 0
        ? login(options.url)
        : { replication: { master: login(options.url), slaves: options.replicaUrls.map(login) } }),
      entities: [...options.entities],
      installExtensions: false,
      synchronize: false,
      logging: false,
      poolErrorHandler: options.onError,
      extra: {
        max: options.poolSize,
        connectionTimeoutMillis: options.connectionTimeoutMs,
        keepAlive: true,
        Client: PooledClient,
      },
    });
  }

  /** A query runner on the primary, or on a replica where there is one. Opens the pools at first use. */
  async queryRunner(replica: boolean): Promise<QueryRunner> {
    const source = await this.open();
    return source.createQueryRunner(replica && this.options.replicaUrls.length > 0 ? 'slave' : 'master');
  }

  /** What follows BEGIN, in one round trip: snapshot kind, no cursor left from before, role, tenant, time limits. */
  tenantPrologue(tenantId: TenantId, readOnly: boolean): string {
    return (
      (readOnly ? 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ' : '') +
      'CLOSE ALL; ' + // a cursor WITH HOLD outlives its transaction, and with it its tenant
      `${assumeRole(this.options.url, 'podcast_app')}${tenantContext(tenantId)}; ` +
      `SET LOCAL statement_timeout = ${this.options.statementTimeoutMs}; SET LOCAL lock_timeout = ${this.options.lockTimeoutMs}`
    );
  }

  /** Closes the pools if they were opened. */
  async close(): Promise<void> {
    await this.opening?.catch(() => undefined);
    if (this.source.isInitialized) await this.source.destroy();
  }

  private open(): Promise<DataSource> {
    this.opening ??= this.source.initialize().then(
      (source) => {
        const driver = source.driver as unknown as PostgresDriver;
        for (const pool of [driver.master, ...(driver.slaves ?? [])])
          guardReleases(pool, this.options.onGuardDestroyed);
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
