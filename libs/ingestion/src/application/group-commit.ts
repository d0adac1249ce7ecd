import type { TenantId } from '@lib/primitives';
import { DomainError } from '@lib/primitives';
import { retryDelay } from '@lib/http';
import { Counter, Gauge, Histogram } from 'prom-client';
import { reject } from '../domain/rejection.js';
import type { StorableEvent } from '../domain/storable-event.js';
import type { EventStore, Outcome } from './commit-events.js';
import { failureKind } from './failure-kind.js';

export interface GroupCommitLimits {
  /** Bounds of everything that waits, over all tenants. */
  queueEvents: number;
  queueBytes: number;
  /** How long after it was received a request is answered, with 503 when nothing is known about it by then. */
  deadlineMs: number;
  /** How long the first request of a group waits for others; more where nobody waits for the commit. */
  collectMs?: number;
}

interface Waiting {
  readonly events: readonly StorableEvent[];
  readonly weight: number;
  readonly deadline: number;
  resolve(outcomes: Outcome[]): void;
  reject(error: Error): void;
}

interface Lane {
  waiting: Waiting[];
  flushing: number;
  timer: NodeJS.Timeout | undefined;
}

const COLLECT_MS = 3;
const GROUP_EVENTS = 2_000;
const FLUSHES_PER_TENANT = 2;
/** The part of the queue that one tenant may fill. */
const TENANT_SHARE = 0.5;

const commitSeconds = new Histogram({
  name: 'ingest_commit_duration_seconds',
  help: 'Time of one group commit, retries included.',
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});
const shed = new Counter({
  name: 'ingest_shed_total',
  help: 'Requests refused to protect the process.',
  labelNames: ['reason'],
});
const queueEvents = new Gauge({ name: 'ingest_queue_events', help: 'Events waiting for their commit.' });
const queueLimit = new Gauge({ name: 'ingest_queue_events_limit', help: 'Events that may wait.' });

/**
 * Shares commits: requests of one tenant that arrive within a few milliseconds go into one transaction, and each gets
 * its own outcomes. Tenants commit in parallel, so one tenant's fault stays its own.
 *
 * The queue is bounded in events and bytes, with a share per tenant; beyond it a request is refused at once with 503 and
 * Retry-After. Nothing is dropped after it was taken in: it is stored, or its sender is told to send again.
 */
export class GroupCommit {
  private readonly lanes = new Map<TenantId, Lane>();
  private events = 0;
  private bytes = 0;

  constructor(
    private readonly store: EventStore,
    private readonly limits: GroupCommitLimits,
  ) {
    queueLimit.inc(limits.queueEvents);
  }

  /** Part of the queue that is in use, 0 to 1. */
  get fill(): number {
    return Math.max(this.events / this.limits.queueEvents, this.bytes / this.limits.queueBytes);
  }

  /**
   * Stores the events of one request, received at `since` (milliseconds since 1970). Resolves after COMMIT, with outcomes
   * parallel to `events`, or rejects at the deadline, even while a commit hangs.
   * @throws DomainError `overloaded` or `not_persisted` (503, with Retry-After); some of the events may be stored
   * nevertheless, and a repeat of the request is safe.
   */
  submit(tenantId: TenantId, events: readonly StorableEvent[], since = Date.now()): Promise<Outcome[]> {
    if (events.length === 0) return Promise.resolve([]);
    const weight = events.reduce((sum, event) => sum + event.weight, 0);
    const lane = this.lane(tenantId);
    this.refuseOverload(lane, events.length, weight);
    this.occupy(events.length, weight);
    const deadline = since + this.limits.deadlineMs;
    return new Promise((resolve, rejectRequest) => {
      const late = setTimeout(() => {
        shed.inc({ reason: 'deadline' });
        rejectRequest(notPersisted());
      }, deadline - Date.now());
      lane.waiting.push({
        events,
        weight,
        deadline,
        resolve: (outcomes) => {
          clearTimeout(late);
          resolve(outcomes);
        },
        reject: (error) => {
          clearTimeout(late);
          rejectRequest(error);
        },
      });
      this.schedule(tenantId, lane);
    });
  }

  private refuseOverload(lane: Lane, events: number, weight: number): void {
    const own = lane.waiting.reduce((sum, request) => sum + request.events.length, 0);
    const full =
      this.events + events > this.limits.queueEvents || this.bytes + weight > this.limits.queueBytes;
    const overShare = own > 0 && own + events > this.limits.queueEvents * TENANT_SHARE;
    if (!full && !overShare) return;
    shed.inc({ reason: full ? 'queue_full' : 'tenant_share' });
    throw new DomainError(
      'overloaded',
      503,
      'Too many events are waiting to be stored. Send the batch again.',
      {
        retryAfterSeconds: retryDelay(),
      },
    );
  }

  private schedule(tenantId: TenantId, lane: Lane): void {
    if (lane.timer !== undefined || lane.waiting.length === 0 || lane.flushing >= FLUSHES_PER_TENANT) return;
    lane.timer = setTimeout(() => {
      lane.timer = undefined;
      void this.flush(tenantId, lane);
    }, this.limits.collectMs ?? COLLECT_MS);
  }

  private async flush(tenantId: TenantId, lane: Lane): Promise<void> {
    const group = takeGroup(lane);
    lane.flushing += 1;
    this.schedule(tenantId, lane);
    const done = commitSeconds.startTimer();
    try {
      const live = group.filter((request) => Date.now() < request.deadline);
      if (live.length > 0) await this.commitGroup(tenantId, live);
    } finally {
      done();
      lane.flushing -= 1;
      for (const { events, weight } of group) this.occupy(-events.length, -weight);
      if (lane.waiting.length > 0) this.schedule(tenantId, lane);
      else if (lane.flushing === 0) this.lanes.delete(tenantId);
    }
  }

  private async commitGroup(tenantId: TenantId, group: readonly Waiting[]): Promise<void> {
    try {
      const deadline = Math.min(...group.map((request) => request.deadline));
      const outcomes = await this.commitWithRetry(
        tenantId,
        group.flatMap((request) => request.events),
        deadline,
      );
      let start = 0;
      for (const request of group) {
        request.resolve(outcomes.slice(start, start + request.events.length));
        start += request.events.length;
      }
    } catch (error) {
      for (const request of group) request.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Tries again while waiting can help; halves a group that the data itself breaks, down to the one event at fault. */
  private async commitWithRetry(
    tenantId: TenantId,
    events: readonly StorableEvent[],
    deadline: number,
  ): Promise<Outcome[]> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.store.commit(tenantId, events);
      } catch (error) {
        const kind = failureKind(error);
        if (kind === 'data') return this.isolate(tenantId, events, deadline);
        if (kind === 'defect') throw error;
        const pause = Math.min(1_000, 25 * 2 ** attempt) * (0.5 + Math.random());
        if (Date.now() + pause > deadline) throw notPersisted();
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  }

  private async isolate(
    tenantId: TenantId,
    events: readonly StorableEvent[],
    deadline: number,
  ): Promise<Outcome[]> {
    if (events.length <= 1)
      return events.map(() => reject('schema', '', 'the database cannot represent this event'));
    const middle = Math.ceil(events.length / 2);
    const outcomes: Outcome[] = [];
    for (const half of [events.slice(0, middle), events.slice(middle)]) {
      // The other half may already be committed, so a half that fails cannot fail the request.
      outcomes.push(
        ...(await this.commitWithRetry(tenantId, half, deadline).catch(() =>
          half.map((): Outcome => 'retry'),
        )),
      );
    }
    return outcomes;
  }

  private lane(tenantId: TenantId): Lane {
    const lane = this.lanes.get(tenantId) ?? { waiting: [], flushing: 0, timer: undefined };
    this.lanes.set(tenantId, lane);
    return lane;
  }

  private occupy(events: number, weight: number): void {
    this.events += events;
    this.bytes += weight;
    queueEvents.inc(events);
  }
}

function takeGroup(lane: Lane): Waiting[] {
  const group: Waiting[] = [];
  let size = 0;
  for (let next = lane.waiting[0]; next !== undefined; next = lane.waiting[0]) {
    if (group.length > 0 && size + next.events.length > GROUP_EVENTS) break;
    group.push(next);
    size += next.events.length;
    lane.waiting.shift();
  }
  return group;
}

/** What a sender is told whose events may not be stored. */
export function notPersisted(): DomainError {
  return new DomainError(
    'not_persisted',
    503,
    'The events could not be stored in time. Send the batch again, unchanged.',
    {
      retryAfterSeconds: retryDelay(),
    },
  );
}
