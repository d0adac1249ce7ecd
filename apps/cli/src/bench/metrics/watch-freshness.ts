import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginSession } from '../../connect-as-login.js';
import { oldestMarks, shownEvents } from './shown-events.sql.js';

const LOOK_MS = 500;
/** For so long what is not shown yet is waited for. */
const PATIENCE_MS = 120_000;

/** Acknowledged events of a tenant that are not shown yet: how many there were in all, and when. */
interface Acknowledged {
  readonly total: number;
  readonly at: number;
}

/** Watches how long it takes until rollups show what the API has acknowledged. */
export class FreshnessWatch {
  /** Milliseconds from the acknowledgement of each request to the look that found its events. */
  readonly shownAfterMs: number[] = [];
  /** The oldest mark of each kind that any look has found, in seconds. */
  readonly oldestMarks = new Map<string, number>();
  private readonly totals = new Map<number, number>();
  private readonly waiting = new Map<number, Acknowledged[]>();

  private constructor(
    private readonly session: LoginSession,
    private readonly since: Date,
    private readonly before: ReadonlyMap<number, number>,
  ) {}

  /** @param since 00:00 UTC of the first day that events may be of */
  static async begin(session: LoginSession, since: Date): Promise<FreshnessWatch> {
    return new FreshnessWatch(session, since, await shownEvents(session, since));
  }

  /** Notes that so many more events of a tenant were acknowledged. */
  note(tenant: number, events: number): void {
    const total = (this.totals.get(tenant) ?? 0) + events;
    this.totals.set(tenant, total);
    this.waiting.set(tenant, [...(this.waiting.get(tenant) ?? []), { total, at: performance.now() }]);
  }

  /** Looks until `ended` says that no more events come and all are shown, or for two minutes after. */
  async until(ended: () => boolean): Promise<void> {
    for (let deadline = Infinity; this.unshown > 0 || !ended();) {
      if (ended()) deadline = Math.min(deadline, performance.now() + PATIENCE_MS);
      if (performance.now() > deadline) return;
      await this.look();
      await sleep(LOOK_MS);
    }
  }

  /** Requests of which some event is not shown yet. */
  get unshown(): number {
    return [...this.waiting.values()].reduce((sum, { length }) => sum + length, 0);
  }

  private async look(): Promise<void> {
    const shown = await shownEvents(this.session, this.since);
    const now = performance.now();
    for (const [tenant, waiting] of this.waiting) {
      const events = (shown.get(tenant) ?? 0) - (this.before.get(tenant) ?? 0);
      const rest = waiting.filter(({ total }) => total > events);
      for (const { at } of waiting.slice(0, waiting.length - rest.length)) this.shownAfterMs.push(now - at);
      this.waiting.set(tenant, rest);
    }
    for (const [kind, seconds] of await oldestMarks(this.session))
      this.oldestMarks.set(kind, Math.max(seconds, this.oldestMarks.get(kind) ?? 0));
  }
}
