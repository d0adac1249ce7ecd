import { Global, Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SettingsModule, type Settings } from '@lib/config';
import { DatabaseModule } from '@lib/database';
import { createLogger, LOGGER, Readiness, type CheckResult } from '@lib/observability';
import { defineJob, HandlesJob, QueueModule, type JobHandler, type QueueTiming } from './index.js';

/** Told the name of each job that a handler begins. */
export type Report = (job: string) => void;
const REPORT = Symbol('REPORT');

const TICK = defineJob({ name: 'tick', schedule: { everyMs: 500 } });
const FRAIL = defineJob({ name: 'frail', schedule: { everyMs: 500 } });
const STUBBORN = defineJob({ name: 'stubborn', schedule: { everyMs: 30_000 }, attempts: 2 });
const SLOW = defineJob({ name: 'slow', schedule: { everyMs: 300 } });
const RARE = defineJob({ name: 'rare', schedule: { cron: '0 3 1 1 *' } });

/** Longer than several intervals of its job. */
const SLOW_MS = 1_200;

@HandlesJob(TICK)
@Injectable()
class Tick implements JobHandler {
  constructor(@Inject(REPORT) private readonly report: Report) {}

  async run(): Promise<{ ticks: number }> {
    this.report('tick');
    return { ticks: 1 };
  }
}

@HandlesJob(FRAIL)
@Injectable()
class Frail implements JobHandler {
  constructor(@Inject(REPORT) private readonly report: Report) {}

  async run(): Promise<void> {
    this.report('frail');
    throw new Error('frail by design');
  }
}

@HandlesJob(STUBBORN)
@Injectable()
class Stubborn implements JobHandler {
  constructor(@Inject(REPORT) private readonly report: Report) {}

  async run(): Promise<void> {
    this.report('stubborn');
    throw new Error('stubborn by design');
  }
}

@HandlesJob(SLOW)
@Injectable()
class Slow implements JobHandler {
  constructor(@Inject(REPORT) private readonly report: Report) {}

  async run(): Promise<void> {
    this.report('slow');
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    this.report('slow finished');
  }
}

@HandlesJob(RARE)
@Injectable()
class Rare implements JobHandler {
  constructor(@Inject(REPORT) private readonly report: Report) {}

  async run(): Promise<void> {
    this.report('rare');
  }
}

const JOBS = { tick: TICK, frail: FRAIL, stubborn: STUBBORN, slow: SLOW, rare: RARE };
const HANDLERS = { tick: Tick, frail: Frail, stubborn: Stubborn, slow: Slow, rare: Rare };
export type TickJob = keyof typeof JOBS;

@Global()
@Module({})
class TickModule {
  static register(settings: Settings, report: Report, handlers: Type[], queue: DynamicModule): DynamicModule {
    return {
      module: TickModule,
      imports: [
        SettingsModule.register(settings),
        DatabaseModule.register({ settings, entities: [], onError: () => undefined }),
        queue,
      ],
      providers: [
        Readiness,
        { provide: LOGGER, useValue: createLogger(settings.logLevel) },
        { provide: REPORT, useValue: report },
        ...handlers,
      ],
      exports: [Readiness, LOGGER],
    };
  }
}

/** A worker without HTTP whose handlers only say that they ran. */
export interface TickWorker {
  /** What readiness shows of the queue. */
  state(): CheckResult;
  close(): Promise<void>;
}

/** Boots a worker with these jobs in its schedule. `handled` may differ from `scheduled` to provoke a boot error. */
export async function startTickWorker(
  settings: Settings,
  report: Report,
  scheduled: readonly TickJob[],
  options: { handled?: readonly TickJob[]; timing?: Partial<QueueTiming> } = {},
): Promise<TickWorker> {
  const { handled = scheduled, timing } = options;
  const schedule = scheduled.map((name) => JOBS[name]);
  const queue = QueueModule.forWorker(settings, schedule, { heartbeatMs: 200, scheduleMs: 1_000, ...timing });
  const handlers = handled.map((name) => HANDLERS[name]);
  const app = await NestFactory.createApplicationContext(
    TickModule.register(settings, report, handlers, queue),
    { logger: false, abortOnError: false },
  );
  const readiness = app.get(Readiness);
  return {
    state: () => readiness.results()['queue'] ?? { status: 'down', reason: 'not registered' },
    close: () => app.close(),
  };
}
