import type { DueDay } from './due-days.js';

/** A list of tenant-days that are taken one after the other, never two of one tenant at a time. */
export class WaitingDays {
  private readonly waiting: DueDay[];
  private readonly taken = new Set<string>();

  constructor(days: readonly DueDay[]) {
    this.waiting = [...days];
  }

  /**
   * The next day of a tenant of whom none is taken, and undefined when there is none: whoever has a day of that tenant
   * comes back for the others.
   *
   * @param done the day that was taken before and is over
   */
  take(done?: DueDay): DueDay | undefined {
    if (done !== undefined) this.taken.delete(done.tenantId);
    const next = this.waiting.findIndex(({ tenantId }) => !this.taken.has(tenantId));
    const [day] = next < 0 ? [] : this.waiting.splice(next, 1);
    if (day !== undefined) this.taken.add(day.tenantId);
    return day;
  }
}
