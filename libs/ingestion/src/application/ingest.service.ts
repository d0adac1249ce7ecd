import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import type { TenantPrincipal } from '@lib/http';
import { Readiness } from '@lib/observability';
import { DAY_MS, DomainError, withinTime, type TenantId } from '@lib/primitives';
import { Counter, Histogram } from 'prom-client';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ConsentSignals } from '../domain/privacy/read-consent.js';
import { isRejection, type Rejection } from '../domain/rejection.js';
import { storableEvent, withoutSession, type StorableEvent } from '../domain/storable-event.js';
import type { CheckedEvent } from '../domain/checked-event.js';
import { checkEvent } from './check-event.js';
import { ClientReader, type ReadClient } from './client-reader.js';
import { EventStore, type Outcome } from './commit-events.js';
import { GroupCommit, notPersisted } from './group-commit.js';
import { KnownTexts } from './known-texts.js';
import { ListenerKeys, type DayKeys } from './listener-keys.js';

/** The connection that a batch came over. */
export interface Connection {
  address: string;
  userAgent: string | undefined;
  referrer: string | undefined;
  signals: Pick<ConsentSignals, 'secGpc' | 'dnt'>;
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

/** Keys by the number of their UTC day. */
type KeysOfDays = ReadonlyMap<number, DayKeys>;

/** Takes batches of events in: judges each, hashes its listener, stores the good ones, and says what became of each. */
@Injectable()
export class IngestService {
  private readonly commits: GroupCommit;
  private readonly texts = new KnownTexts();
  private readonly rate: RateLimiterMemory | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly keys: ListenerKeys,
    private readonly clients: ClientReader,
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
        // Never less than one batch: that one would be refused for ever.
        points: Math.max(perSecond * RATE_WINDOW_SECONDS, settings.ingestMaxBatchEvents),
        duration: RATE_WINDOW_SECONDS,
      });
  }

  /**
   * Outcomes run parallel to `batch`. Resolves after the accepted events are committed; the deadline runs from `since`,
   * when the request came in (milliseconds since 1970).
   * @throws DomainError 429 `rate_limited`, 503 `overloaded` or `not_persisted`, each with Retry-After
   */
  async ingest(
    caller: TenantPrincipal,
    connection: Connection,
    batch: readonly unknown[],
    since = Date.now(),
  ): Promise<Outcome[]> {
    await this.limitRate(caller.tenantId, batch.length);
    const now = new Date();
    const limits = {
      maxEventBytes: this.settings.ingestMaxEventBytes,
      acceptanceDays: this.settings.ingestAcceptanceDays,
    };
    const judged = batch.map((event) => checkEvent(event, now, limits));
    const good = judged.filter((event): event is CheckedEvent => !isRejection(event));
    const left = since + this.settings.ingestDeadlineMs - Date.now();
    const known = Promise.all([
      this.keysOfDays(caller.tenantId, good),
      this.clients.forTenant(caller.tenantId),
    ]);
    const [keys, readClient] = await withinTime(known, left, notPersisted);
    const storable = good.map((event) => this.prepare(caller, connection, event, keys, readClient));
    const stored = (await this.commits.submit(caller.tenantId, storable, since)).values();
    const outcomes = judged.map((event): Outcome =>
      isRejection(event) ? event : (stored.next().value ?? NEVER),
    );
    observe(outcomes, good, now);
    return outcomes;
  }

  /** The keys of every UTC day on which an event happened: asked for once a day, not once an event. */
  private async keysOfDays(tenantId: TenantId, good: readonly CheckedEvent[]): Promise<KeysOfDays> {
    const asked = new Map<number, Promise<DayKeys>>();
    for (const { occurredAt, tooOld } of good) {
      const day = dayNumber(occurredAt);
      // What is too old is only looked up: a sender could have keys made for any day there ever was.
      if (!tooOld && !asked.has(day)) asked.set(day, this.keys.forDay(tenantId, occurredAt));
    }
    // All at once: a process that has just started would otherwise wait for one day after the other.
    return new Map(await Promise.all([...asked].map(async ([day, keys]) => [day, await keys] as const)));
  }

  private prepare(
    { trustedSender: trusted }: TenantPrincipal,
    connection: Connection,
    event: CheckedEvent,
    keysOfDays: KeysOfDays,
    readClient: ReadClient,
  ): StorableEvent {
    const { client } = event.input;
    const userAgent = this.texts.userAgent(trusted ? client?.userAgent : connection.userAgent);
    const referrer = this.texts.referrer(trusted ? client?.referrer : connection.referrer);
    const keys = keysOfDays.get(dayNumber(event.occurredAt));
    const address = trusted ? client?.ip : connection.address;
    const { network, ids, isIdentifiable } = readClient(keys, {
      address,
      userAgent: userAgent?.value ?? '',
      atMs: event.occurredAt.getTime(),
      signals: trusted
        ? (event.input.consent ?? NO_SIGNALS)
        : { ...connection.signals, ...event.input.consent },
    });
    const storable = storableEvent(event, { trusted, userAgent, referrer, network }, ids);
    return isIdentifiable ? storable : withoutSession(storable);
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
}

/** Of an event that says nothing about consent. */
const NO_SIGNALS: ConsentSignals = {};

const NEVER: Rejection = { code: 'schema', field: '', detail: 'was not stored' };

function dayNumber(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS);
}

function observe(outcomes: readonly Outcome[], good: readonly CheckedEvent[], now: Date): void {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const name = isRejection(outcome) ? `rejected_${outcome.code}` : outcome;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [outcome, count] of counts) events.inc({ outcome }, count);
  conflicts.inc(counts.get('rejected_conflict') ?? 0);
  const newest = good.at(-1);
  if (newest !== undefined) lag.observe(Math.max(0, (now.getTime() - newest.occurredAt.getTime()) / 1000));
}
