import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import { toTenantId, type TenantId } from '@lib/primitives';
import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { AppDataSource } from './app-data-source.js';
import { databaseUnavailable, serverHangs } from './database-unavailable.js';
import { hasReplayed, primaryPosition, replicaState } from './replica-state.sql.js';
import { countFallback, fallbackReason, ReplicaLags } from './replica-fallback.js';
import type { PooledClient } from './pooled-client.js';
import type { Sql } from './role-pool.js';
import { StatementRunner } from './statement-runner.js';

/** What code inside `TenantDb.run` may use: one transaction of one tenant. */
export interface TenantScope {
  readonly tenantId: TenantId;
  /** For rows that people edit. */
  readonly manager: EntityManager;
  /** For everything else. Runs on the same connection as `manager`. */
  readonly sql: Sql;
  /**
   * On a read replica: up to when it had replayed the primary's transactions before this one's snapshot was taken; null
   * when it cannot tell. Absent on the primary.
   */
  readonly replayedAt?: Date | null;
}

export interface TenantRunOptions {
  /** READ ONLY at REPEATABLE READ: all statements see one snapshot. */
  readOnly?: boolean;
  /**
   * May go to a read replica, which can lag. Only with `readOnly`. Where no replica is reached, the one whose turn it is
   * lags too far behind, or what it replays gets into the way of `work`, `work` runs on the primary.
   */
  replica?: boolean;
  /** The same few statements run again and again, for one tenant after another: they are planned once for each connection. */
  repeated?: boolean;
  /** How long a statement may run, where that is less than what all may. */
  statementTimeoutMs?: number;
}

/**
 * The one way to a tenant's rows.
 *
 * `run` opens a transaction, names the tenant in it and keeps it in async-local storage; `current` gives it to whatever
 * is called inside and throws outside. There is one connection and one tenant to a `run`: it does not nest.
 */
@Injectable()
export class TenantDb {
  private readonly scope = new AsyncLocalStorage<TenantScope>();
  private readonly statements = new StatementRunner();

  constructor(@Inject(AppDataSource) private readonly source: AppDataSource) {}

  /** @throws Error outside `run`. */
  get current(): TenantScope {
    const scope = this.scope.getStore();
    if (scope === undefined) throw new Error('no tenant transaction is open here: call TenantDb.run');
    return scope;
  }

  /** Runs `work` as `tenant` in one transaction: committed when it resolves, rolled back when it throws. */
  async run<T>(tenant: string, work: () => Promise<T>, options: TenantRunOptions = {}): Promise<T> {
    if (this.scope.getStore() !== undefined)
      throw new Error('a tenant transaction is already open: TenantDb.run does not nest');
    const tenantId = toTenantId(tenant);
    const replica = options.replica === true ? this.source.replica() : undefined;
    if (replica !== undefined) {
      try {
        return await this.runOn(await replica.queryRunner(), tenantId, work, options);
      } catch (error) {
        const reason = fallbackReason(error);
        if (reason === undefined) throw error;
        countFallback(reason);
        if (reason !== 'conflict') replica.rest();
      }
    }
    return this.runOn(await this.source.queryRunner(), tenantId, work, { ...options, replica: false });
  }

  private async runOn<T>(
    runner: QueryRunner,
    tenantId: TenantId,
    work: () => Promise<T>,
    options: TenantRunOptions,
  ): Promise<T> {
    let result: T;
    try {
      const replayedAt = options.replica === true ? await this.replayTime(runner) : undefined;
      await begin(runner, this.source.tenantPrologue(tenantId, options));
      const plain = plainSql(runner);
      const kept = options.repeated === true ? await preparedSql(runner) : plain;
      const sql: Sql = async <Row extends object>(text: string, params?: readonly unknown[]) => {
        // A statement that had to be changed may be another one each time.
        const whole = (each: string, values: readonly unknown[] | undefined) =>
          (each === text ? kept : plain)<Record<string, unknown>>(each, values);
        return (await this.statements.run(() => clientOf(runner), whole, text, params)) as Row[];
      };
      result = await this.scope
        .run(
          { tenantId, manager: runner.manager, sql, ...(replayedAt !== undefined && { replayedAt }) },
          work,
        )
        .finally(() => (runner.query = refuse));
    } catch (error) {
      await giveUp(runner, error);
      throw error;
    }
    const committed = commit(runner);
    // What was read stands whatever COMMIT says: nobody waits for that.
    if (options.readOnly === true) committed.catch(() => undefined);
    else await committed;
    return result;
  }

  /**
   * Up to when a replica shows everything; null when it cannot tell. Before BEGIN: inside, the snapshot would stand still
   * while the replica replays on.
   *
   * What was replayed last may be old because nothing was written since. Then the primary's position tells, and the
   * replica's answer is as fresh as that. While the primary cannot be asked, an old replica is better than none.
   *
   * @throws ReplicaLags
   */
  private async replayTime(runner: QueryRunner): Promise<Date | null> {
    const { recovers, replayedAt, ageMs } = await replicaState(runner);
    if (!recovers || (ageMs !== null && ageMs <= this.source.replicaMaxLagMs)) return replayedAt;
    const primary = await this.askPrimary();
    if (primary === undefined) return replayedAt;
    if (!(await hasReplayed(runner, primary.position))) throw new ReplicaLags(ageMs);
    return primary.at;
  }

  private async askPrimary(): Promise<{ position: string; at: Date } | undefined> {
    const runner = await this.source.queryRunner();
    try {
      return await primaryPosition(runner);
    } catch (error) {
      if (!databaseUnavailable(error)) throw error;
      return undefined;
    } finally {
      await runner.release();
    }
  }
}

/**
 * Takes the place of `query` once the work is over. What still runs then, such as the sibling of a promise that failed,
 * would otherwise write after the ROLLBACK, outside every transaction.
 */
const refuse = (() =>
  Promise.reject(new Error('the tenant transaction has ended'))) as unknown as QueryRunner['query'];

function plainSql(runner: QueryRunner): Sql {
  return async <Row extends object>(text: string, params?: readonly unknown[]) =>
    (await runner.query(text, params as unknown[], true)).records as Row[];
}

async function preparedSql(runner: QueryRunner): Promise<Sql> {
  const client = (await clientOf(runner)) as PoolClient & PooledClient;
  return <Row extends object>(text: string, params: readonly unknown[] = []) =>
    (runner.query as unknown) === refuse ? refuse('') : client.queryPrepared<Row>(text, params);
}

/** TypeORM begins the transaction, since it keeps count of them; the prologue goes along in the same round trip. */
async function begin(runner: QueryRunner, prologue: string): Promise<void> {
  const query = runner.query.bind(runner) as (text: string) => Promise<unknown>;
  runner.query = (async (text: string) => query(`${text}; ${prologue}`)) as QueryRunner['query'];
  await runner.startTransaction();
  runner.query = query as QueryRunner['query'];
}

/** Ends the transaction and gives the connection back. */
async function commit(runner: QueryRunner): Promise<void> {
  try {
    const { command } = await (await clientOf(runner)).query('COMMIT');
    // COMMIT of a failed transaction succeeds as a rollback: without this look, an error swallowed in `work` loses its rows.
    if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back at COMMIT');
  } catch (error) {
    await giveUp(runner, error);
    throw error;
  }
  await runner.release();
}

/** Rolls back and gives the connection back. One that cannot roll back is destroyed by the release guard. */
async function giveUp(runner: QueryRunner, error: unknown): Promise<void> {
  if (!serverHangs(error))
    await clientOf(runner)
      .then((client) => client.query('ROLLBACK'))
      .catch(() => undefined); // the first error is the one to report
  await runner.release();
}

/** The runner's own connection: TypeORM's `commitTransaction` hides what COMMIT answered, and can be kept from its work. */
function clientOf(runner: QueryRunner): Promise<PoolClient> {
  return runner.connect() as Promise<PoolClient>;
}
