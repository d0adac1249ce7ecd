import type { TenantId } from '@lib/primitives';
import type { QueryRunner } from 'typeorm';
import { assumeRole } from './connection.js';
import { LoginSource, type LoginSourceOptions } from './login-source.js';

export interface AppDataSourceOptions extends LoginSourceOptions {
  url: string;
  replicaUrls: readonly string[];
  lockTimeoutMs: number;
  /** How old what a replica replayed last may be while the primary has written more; as old as it is when left out. */
  replicaMaxLagMs?: number;
}

/** SQL that names the tenant for the rest of the transaction. Text is safe: a `TenantId` is a proven UUID. */
export function tenantContext(tenantId: TenantId): string {
  return `SELECT public.set_tenant_context('${tenantId}')`;
}

/**
 * TypeORM's connections as `podcast_app`, to the primary and to its read-only copies.
 *
 * Only `TenantDb` uses it. Nothing injects a `Repository` or runs a query outside a tenant's transaction.
 */
export class AppDataSource {
  private readonly primary: LoginSource;
  private readonly replicas: readonly LoginSource[];
  private readonly assumeRole: string;
  private turn = 0;

  constructor(private readonly options: AppDataSourceOptions) {
    this.primary = new LoginSource(options.url, options);
    this.replicas = options.replicaUrls.map((url) => new LoginSource(url, options));
    // For all servers where one needs it: a role may always assume itself.
    this.assumeRole =
      [options.url, ...options.replicaUrls]
        .map((url) => assumeRole(url, 'podcast_app'))
        .find((text) => text !== '') ?? '';
  }

  /** A query runner on the primary. */
  queryRunner(): Promise<QueryRunner> {
    return this.primary.queryRunner();
  }

  /** The replica whose turn it is, or undefined where there is none or none was reached lately. */
  replica(): LoginSource | undefined {
    const awake = this.replicas.filter((replica) => !replica.resting);
    return awake[(this.turn += 1) % awake.length];
  }

  get replicaMaxLagMs(): number {
    return this.options.replicaMaxLagMs ?? Infinity;
  }

  /** What follows BEGIN, in one round trip: snapshot kind, no cursor left from before, role, tenant, time limits. */
  tenantPrologue(
    tenantId: TenantId,
    { readOnly, statementTimeoutMs = Infinity }: { readOnly?: boolean; statementTimeoutMs?: number },
  ): string {
    const timeoutMs = Math.min(statementTimeoutMs, this.options.statementTimeoutMs);
    return (
      (readOnly === true ? 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; ' : '') +
      'CLOSE ALL; ' + // a cursor WITH HOLD outlives its transaction, and with it its tenant
      `${this.assumeRole}SET LOCAL statement_timeout = ${timeoutMs}; ` +
      `SET LOCAL lock_timeout = ${this.options.lockTimeoutMs}; ` +
      // Last: from here on Citus passes the whole text of every SET LOCAL on to its nodes.
      tenantContext(tenantId)
    );
  }

  /** Closes the pools that were opened. */
  async close(): Promise<void> {
    await Promise.all([this.primary, ...this.replicas].map((source) => source.close()));
  }
}
