/** Shorter refreshes need no rest: a run tries each day only once anyway. */
const SHORT_MS = 2_000;

/**
 * Which tenant-days are left alone for a while, and until when: those that failed, and those whose refresh took long. A day
 * that is refreshed for two seconds or more rests for a multiple of that, so that it takes no more than its share of a worker's
 * time however often it is marked. Its marks stay, and say how old its numbers are.
 */
export class DayPauses {
  private readonly until = new Map<string, number>();

  /** @param restFactor how many times as long as its refresh a day rests */
  constructor(private readonly restFactor: number) {}

  /** Leaves a day alone until an instant, in milliseconds of any clock. */
  pause(key: string, until: number): void {
    this.until.set(key, until);
  }

  /** Lets a day rest whose refresh began and ended at two instants. */
  rest(key: string, began: number, ended: number): void {
    const took = ended - began;
    if (took >= SHORT_MS) this.pause(key, ended + took * this.restFactor);
  }

  isPaused(key: string): boolean {
    return this.until.has(key);
  }

  /** Forgets pauses that are over. */
  expire(now: number): void {
    for (const [key, until] of this.until) if (now >= until) this.until.delete(key);
  }
}
