import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import type { Logger } from 'pino';
import { Gauge } from 'prom-client';
import { LOGGER } from './logger.js';
import { durabilityFaults, schemaEngine, startupFaults } from './startup-faults.sql.js';

export type CheckStatus = 'up' | 'down' | 'degraded';
export interface CheckResult {
  status: CheckStatus;
  latencyMs?: number;
  reason?: string;
}

/** A part of the process that can say whether it is fit to take work. Must answer from memory. */
export type Check = () => CheckResult;

const PROBE_MS = 1_000;
const DATABASE_SEEN_MS = 10_000;
const FAILURES_TO_DOWN = 3;
const LOOP_LAG_LIMIT_MS = 200;

const durability = new Gauge({
  name: 'durability_settings_ok',
  help: '1 when the database keeps acknowledged commits through a crash.',
});

/**
 * Whether this process has started, and whether it should be sent work.
 *
 * One probe a second looks at the database; health routes answer from its last result, so that probes of a load balancer
 * cost the pool nothing. One success makes the database `up`; ten seconds without one,
 * and three failures or a probe that hangs, make it `down`.
 */
@Injectable()
export class Readiness implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly checks = new Map<string, Check>();
  private readonly gates = new Map<string, () => boolean>();
  private readonly loop = monitorEventLoopDelay({ resolution: 20 });
  private timer: NodeJS.Timeout | undefined;
  private probing = false;
  private loopLagMs = 0;
  private lastSeen = 0;
  private failures = 0;
  private latencyMs = 0;
  /** Undefined until the database could be judged. */
  private faults: string[] | undefined;
  draining = false;
  engine: string | undefined;

  constructor(
    private readonly settings: Settings,
    @Inject(APP_POOL) private readonly pool: RolePool,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.loop.enable();
    this.timer = setInterval(() => void this.probe(), PROBE_MS).unref();
    void this.probe();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
    this.loop.disable();
  }

  /** Adds a part whose state counts for readiness. */
  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Adds something that has to be at hand before the process has started. `open` is asked until it says so. */
  gateStartup(name: string, open: () => boolean): void {
    this.gates.set(name, open);
  }

  /** From here on `/health/ready` answers 503; everything else keeps serving. */
  drain(): void {
    this.draining = true;
  }

  /** Why the process has not started; empty when it has. */
  startupFaults(): string[] {
    if (this.faults === undefined) return ['the database has not been reached yet'];
    const shut = [...this.gates].filter(([, open]) => !open()).map(([name]) => `not at hand yet: ${name}`);
    return [...this.faults, ...shut];
  }

  /** The state of every part, by name. */
  results(): Record<string, CheckResult> {
    const results: Record<string, CheckResult> = {
      startup: this.startup(),
      db: this.database(),
      loop: this.eventLoop(),
    };
    for (const [name, check] of this.checks) results[name] = check();
    if (this.draining) results['draining'] = { status: 'down', reason: 'shutting down' };
    return results;
  }

  /** Looks at the database once. Called every second; a test may call it to wait for the result. */
  async probe(): Promise<void> {
    if (this.probing) return;
    this.probing = true;
    this.loopLagMs = this.loop.mean / 1e6 || 0;
    this.loop.reset();
    const started = performance.now();
    try {
      await this.pool.transaction(async (sql) => {
        if (this.faults === undefined || this.faults.length > 0) {
          this.judge(await startupFaults(sql, this.settings.timeSeriesEngine));
          if (this.faults?.length === 0) this.engine = await schemaEngine(sql);
        }
        durability.set((await durabilityFaults(sql)).length === 0 ? 1 : 0);
      });
      this.lastSeen = Date.now();
      this.failures = 0;
      this.latencyMs = Math.round(performance.now() - started);
    } catch (error) {
      this.failures += 1;
      if (this.failures === 1) this.logger.warn({ err: error }, 'the database probe failed');
    } finally {
      this.probing = false;
    }
  }

  private judge(faults: string[]): void {
    const news = JSON.stringify(faults) !== JSON.stringify(this.faults);
    if (news && faults.length > 0)
      this.logger.fatal({ faults }, 'not ready: this process may not serve on this database');
    this.faults = faults;
  }

  private startup(): CheckResult {
    const faults = this.startupFaults();
    // The reasons are for the log and for doctor: a probe route is public.
    return faults.length === 0 ? { status: 'up' } : { status: 'down', reason: 'not started' };
  }

  private database(): CheckResult {
    if (!this.settings.readyChecksDependencies) return { status: 'up' };
    // A probe that is still under way after so long hangs, and would never be counted as a failure.
    const failing = this.failures >= FAILURES_TO_DOWN || this.probing;
    const lost = failing && Date.now() - this.lastSeen > DATABASE_SEEN_MS;
    return { status: lost || this.lastSeen === 0 ? 'down' : 'up', latencyMs: this.latencyMs };
  }

  private eventLoop(): CheckResult {
    return {
      status: this.loopLagMs < LOOP_LAG_LIMIT_MS ? 'up' : 'down',
      latencyMs: Math.round(this.loopLagMs),
    };
  }
}
