import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import type { TenantPrincipal } from '@lib/http';
import { Readiness } from '@lib/observability';
import { DomainError } from '@lib/primitives';
import { Counter, Histogram } from 'prom-client';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { isRejection, type Rejection } from '../domain/rejection.js';
import {
  cleanReferrer,
  cleanUserAgent,
  storableEvent,
  type StorableEvent,
} from '../domain/storable-event.js';
import type { CheckedEvent } from '../domain/checked-event.js';
import { checkEvent } from './check-event.js';
import { EventStore, type Outcome } from './commit-events.js';
import { GroupCommit } from './group-commit.js';
import { ListenerIdentifier } from './identify-listener.js';
import { ListenerKeys } from './listener-keys.js';

/** The connection that a batch came over. */
export interface Connection {
  address: string;
  userAgent: string | undefined;
  referrer: string | undefined;
}

const events = new Counter({
  name: 'ingest_events_total',
  help: 'Events by outcome.',
  labelNames: ['outcome'],
});
const conflicts = new Counter({
  name: 'dedupe_conflicts_total',
  help: 'Events whose identity was stored with another payload.',
});
const lag = new Histogram({
  name: 'ingest_event_lag_seconds',
  help: 'How long after it happened an event was received.',
  buckets: [1, 10, 60, 600, 3_600, 21_600, 86_400, 259_200, 604_800],
});

const RATE_WINDOW_SECONDS = 10;

/** Takes batches of events in: judges each, hashes its listener, stores the good ones, and says what became of each. */
@Injectable()
export class IngestService {
  private readonly commits: GroupCommit;
  private readonly identifier = new ListenerIdentifier();
  private readonly rate: RateLimiterMemory | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly keys: ListenerKeys,
    @Inject(APP_POOL) pool: RolePool,
    readiness: Readiness,
  ) {
    this.commits = new GroupCommit(new EventStore(pool), {
      queueEvents: settings.ingestQueueEvents,
      queueBytes: settings.ingestQueueBytes,
      deadlineMs: settings.ingestDeadlineMs,
    });
    readiness.register('ingest_queue', () => ({ status: this.commits.fill < 1 ? 'up' : 'down' }));
    const perSecond = settings.ingestTenantEventsPerSecond;
    if (perSecond > 0)
      this.rate = new RateLimiterMemory({
        points: perSecond * RATE_WINDOW_SECONDS,
        duration: RATE_WINDOW_SECONDS,
      });
  }

  /**
   * Outcomes run parallel to `batch`. Resolves after the accepted events are committed.
   * @throws DomainError 429 `rate_limited`, 503 `overloaded` or `not_persisted`, each with Retry-After
   */
  async ingest(
    caller: TenantPrincipal,
    connection: Connection,
    batch: readonly unknown[],
  ): Promise<Outcome[]> {
    await this.limitRate(caller.tenantId, batch.length);
    const now = new Date();
    const limits = {
      maxEventBytes: this.settings.ingestMaxEventBytes,
      acceptanceDays: this.settings.ingestAcceptanceDays,
    };
    const judged = batch.map((event) => checkEvent(event, now, limits));
    const good = judged.filter((event): event is CheckedEvent => !isRejection(event));
    const storable = await Promise.all(good.map((event) => this.prepare(caller, connection, event)));
    const stored = await this.commits.submit(caller.tenantId, storable);
    const outcomes = judged.map((event): Outcome => (isRejection(event) ? event : (stored.shift() ?? NEVER)));
    this.observe(outcomes, good, now);
    return outcomes;
  }

  private async prepare(
    caller: TenantPrincipal,
    connection: Connection,
    event: CheckedEvent,
  ): Promise<StorableEvent> {
    const { client } = event.input;
    const keys = await this.keys.forDay(caller.tenantId, event.occurredAt);
    const address = caller.trustedSender ? client?.ip : connection.address;
    const userAgent = cleanUserAgent(caller.trustedSender ? client?.userAgent : connection.userAgent);
    const referrer = cleanReferrer(caller.trustedSender ? client?.referrer : connection.referrer);
    const ids = this.identifier.identify(keys, address, userAgent ?? '');
    return storableEvent(event, { trusted: caller.trustedSender, userAgent, referrer }, ids);
  }

  private async limitRate(tenantId: string, count: number): Promise<void> {
    if (this.rate === undefined || count === 0) return;
    try {
      await this.rate.consume(tenantId, count);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw new DomainError(
        'rate_limited',
        429,
        `This tenant may send ${this.settings.ingestTenantEventsPerSecond} events a second.`,
        {
          retryAfterSeconds: Math.max(1, Math.ceil(refusal.msBeforeNext / 1000)),
        },
      );
    }
  }

  private observe(outcomes: readonly Outcome[], good: readonly CheckedEvent[], now: Date): void {
    for (const outcome of outcomes) {
      events.inc({ outcome: isRejection(outcome) ? `rejected_${outcome.code}` : outcome });
      if (isRejection(outcome) && outcome.code === 'conflict') conflicts.inc();
    }
    const newest = good.at(-1);
    if (newest !== undefined) lag.observe(Math.max(0, (now.getTime() - newest.occurredAt.getTime()) / 1000));
  }
}

const NEVER: Rejection = { code: 'schema', field: '', detail: 'was not stored' };
