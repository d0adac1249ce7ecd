import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 5;

/** Waits until something holds. `what` is the rest of the sentence that begins with "it never came about that". */
type Until = (what: string, holds: () => Promise<boolean> | boolean) => Promise<void>;

/** A wait that looks again and again, and throws when what it waits for has not come about in so many milliseconds. */
export function untilWithin(limitMs: number): Until {
  return async (what, holds) => {
    for (const deadline = Date.now() + limitMs; !(await holds());) {
      if (Date.now() > deadline) throw new Error(`it never came about that ${what}`);
      await sleep(PAUSE_MS);
    }
  };
}
