import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault-schedule.js';
import { injectFault, type Victims } from './inject-fault.js';
import type { SeededRandom } from './seeded-random.js';

const WORTH_TELLING_MS = 3_000;

/**
 * Does what the schedule says, when it says so, and resolves when everything that was killed has been started again.
 * PostgreSQL's faults wait for each other: its recovery can take longer than a pause.
 */
export async function runFaults(
  schedule: readonly Fault[],
  victims: Victims,
  random: SeededRandom,
  say: (line: string) => void,
): Promise<void> {
  const begin = Date.now();
  let database = Promise.resolve();
  const others: Promise<void>[] = [];
  for (const { atMs, kind } of schedule) {
    await sleep(Math.max(0, begin + atMs - Date.now()));
    say(`${(atMs / 1_000).toFixed(1).padStart(6)} s  ${kind}`);
    const act = async () => {
      const started = Date.now();
      await injectFault(kind, victims, random);
      const lasted = Date.now() - started;
      if (lasted > WORTH_TELLING_MS) say(`           ${kind}: running again after ${lasted} ms`);
    };
    if (/postgres|backend/.test(kind)) database = database.then(act);
    else others.push(act());
  }
  await Promise.all([database, ...others]);
}
