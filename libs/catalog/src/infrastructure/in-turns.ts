import { setImmediate as nextTurn } from 'node:timers/promises';

/** Does long work part by part, and lets everything else that waits have its turn after each. */
export async function inTurns<T>(parts: Generator<void, T>): Promise<T> {
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value;
    await nextTurn();
  }
}

/** Does the same work without a break. */
export function atOnce<T>(parts: Generator<void, T>): T {
  for (;;) {
    const part = parts.next();
    if (part.done === true) return part.value;
  }
}
