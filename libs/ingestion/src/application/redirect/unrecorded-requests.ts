import { randomUUID } from 'node:crypto';
import { tenantContext, type RolePool } from '@lib/database';
import { withinTime, type TenantId } from '@lib/primitives';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { UNRECORDED_REASONS, type UnrecordedRequest } from '../../domain/unrecorded-request.js';
import { saveUnrecordedTallies, type UnrecordedTally } from '../../infrastructure/unrecorded-requests.sql.js';
import { failureKind } from '../failure-kind.js';

const WRITE_MS = 5_000;
const LAST_TRY_MS = 5_000;
/** Tallies in memory, at some 400 bytes each. */
const MOST_TALLIES = 20_000;

const unrecorded = new Counter({
  name: 'tracking_unrecorded_total',
  help: 'Requests to a redirect or pixel that were answered and are not recorded, by reason.',
  labelNames: ['reason'],
});
// From the start, so that an alert sees the first one as an increase.
for (const reason of UNRECORDED_REASONS) unrecorded.inc({ reason }, 0);

/** `written` of its requests are in the database. */
type Tally = UnrecordedTally & { requests: number; written: number };

/**
 * Counts requests that were answered and are not recorded, by tenant, podcast, UTC day and reason, and stores the counts
 * as soon as the database can be reached. Until then they are in memory: a crash loses those that were not written yet.
 * Memory is bounded; what goes beyond is in the metric `tracking_unrecorded_total` only, which always has them all.
 */
export class UnrecordedRequests {
  private readonly tallies = new Map<string, Tally>();
  private readonly timer: NodeJS.Timeout;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly pool: RolePool,
    private readonly logger: Logger,
    private readonly mostTallies = MOST_TALLIES,
  ) {
    this.timer = setInterval(() => void this.write(), WRITE_MS).unref();
  }

  count(request: UnrecordedRequest): void {
    unrecorded.inc({ reason: request.reason });
    const tally = this.tallyOf(request);
    if (tally !== undefined) tally.requests += 1;
  }

  /** Stores what is not stored yet, as far as the database takes it. Never throws. */
  write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
    return this.writing;
  }

  /** Stops after a last try. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    const lastTry = (this.writing ?? Promise.resolve()).then(() => this.write());
    await withinTime(lastTry, LAST_TRY_MS, () => new Error('late')).catch(() => undefined);
    const requests = [...this.unwritten().values()].flat().reduce((sum, each) => sum + missing(each), 0);
    if (requests > 0)
      this.logger.error(
        { requests },
        'requests that were not recorded are not noted with their tenants either',
      );
  }

  private tallyOf({ tenantId, podcastId, day, reason }: UnrecordedRequest): Tally | undefined {
    const name = `${podcastId} ${day} ${reason}`;
    const known = this.tallies.get(name);
    if (known !== undefined) return known;
    if (this.tallies.size >= this.mostTallies) this.forgetWritten();
    if (this.tallies.size >= this.mostTallies) return undefined;
    const tally = { id: randomUUID(), tenantId, podcastId, day, reason, requests: 0, written: 0 };
    this.tallies.set(name, tally);
    return tally;
  }

  /** One that comes again begins another row. */
  private forgetWritten(): void {
    for (const [name, tally] of this.tallies) if (missing(tally) === 0) this.tallies.delete(name);
  }

  private async writeAll(): Promise<void> {
    for (const [tenantId, tallies] of this.unwritten()) {
      const now = tallies.map((tally) => ({ ...tally }));
      try {
        await this.pool.transaction(
          (sql) => saveUnrecordedTallies(sql, tenantId, now),
          tenantContext(tenantId),
        );
      } catch (error) {
        if (failureKind(error) === 'passing') return;
        // Such as a tenant that is gone. The others must not wait for it.
        this.logger.error({ err: error, tenantId, tallies: now }, 'requests not recorded cannot be noted');
      }
      tallies.forEach((tally, position) => (tally.written = now[position]?.requests ?? 0));
    }
  }

  private unwritten(): Map<TenantId, Tally[]> {
    const byTenant = new Map<TenantId, Tally[]>();
    for (const tally of this.tallies.values()) {
      if (missing(tally) === 0) continue;
      const of = byTenant.get(tally.tenantId);
      if (of === undefined) byTenant.set(tally.tenantId, [tally]);
      else of.push(tally);
    }
    return byTenant;
  }
}

function missing({ requests, written }: Tally): number {
  return requests - written;
}
