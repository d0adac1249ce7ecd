import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { LOGGER, Readiness } from '@lib/observability';
import type { Logger } from 'pino';
import { HANDLES_JOB } from './handles-job.js';
import { runsAtStart, type JobDeclaration, type JobHandler } from './job-declaration.js';
import { JobRunner } from './job-runner.js';
import { matchHandlers, type FoundHandler } from './match-handlers.js';
import type { QueueBackend } from './queue-backend.js';
import { QueueKeeper, type KeeperTiming } from './queue-keeper.js';

export const QUEUE_WORKER_OPTIONS = Symbol('QUEUE_WORKER_OPTIONS');

/** Intervals of a worker's queue, in milliseconds. */
export interface QueueTiming extends KeeperTiming {
  /** How long shutdown waits for handlers. */
  closeMs: number;
}

export interface QueueWorkerOptions {
  backend: QueueBackend;
  schedule: readonly JobDeclaration[];
  timing: QueueTiming;
}

const STARTUP_LOOK_MS = 200;

/**
 * Does the scheduled jobs in this process, from the moment at which the process may work on its database.
 *
 * The boot fails when schedule and handlers do not fit. The state of the queue never fails it: without a queue the
 * process is ready but degraded. At shutdown no job is taken any more and those that run may finish, for `closeMs`.
 */
@Injectable()
export class QueueWorker implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private runner: JobRunner | undefined;
  private keeper: QueueKeeper | undefined;
  private starting: Promise<void> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(QUEUE_WORKER_OPTIONS) private readonly options: QueueWorkerOptions,
  ) {}

  /** @throws ScheduleInvalid */
  onModuleInit(): void {
    const { backend, schedule, timing } = this.options;
    this.runner = new JobRunner(matchHandlers(schedule, this.findHandlers()), this.logger);
    const keeper = new QueueKeeper(backend, schedule, this.runner, this.logger, timing);
    this.keeper = keeper;
    this.readiness.register('queue', () => keeper.state);
  }

  onApplicationBootstrap(): void {
    this.starting = this.startWhenFit();
  }

  /** In the first phase of shutdown, while everything that handlers use is still there. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    await this.starting;
    await this.keeper?.stop(this.options.timing.closeMs);
  }

  /** A job must not touch a database that this process is not fit to serve, such as one without its migrations. */
  private async startWhenFit(): Promise<void> {
    while (!this.stopping && this.readiness.startupFaults().length > 0) {
      await new Promise((resolve) => setTimeout(resolve, STARTUP_LOOK_MS));
    }
    if (this.stopping) return;
    this.keeper?.start();
    void this.runRareJobs();
  }

  /** Without the queue, so that partitions are made even while Redis is away. */
  private async runRareJobs(): Promise<void> {
    for (const job of this.options.schedule.filter(runsAtStart)) {
      if (!this.stopping) await this.runner?.run(job.name);
    }
  }

  private findHandlers(): FoundHandler[] {
    const instances = new Set(this.discovery.getProviders().map(({ instance }) => instance as unknown));
    return [...instances].flatMap((instance) => {
      if (typeof instance !== 'object' || instance === null) return [];
      const { constructor } = instance;
      const job = Reflect.getMetadata(HANDLES_JOB, constructor) as JobDeclaration | undefined;
      return job === undefined ? [] : [{ job, handler: instance as JobHandler, className: constructor.name }];
    });
  }
}
