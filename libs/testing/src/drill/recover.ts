import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillPostgres } from './drill-postgres.js';
import type { Traffic } from './traffic.js';
import type { Violations } from './violations.js';

/** How long healing took, in milliseconds from the end of the faults. */
export interface Recovery {
  readonly firstOkMs: number;
  readonly drainedMs: number;
}

const OK_WITHIN_MS = 10_000;
const DRAINED_WITHIN_MS = 60_000;
const LOOK_MS = 100;

/**
 * Waits until every API answers again, every event has its answer and no mark is left, as the installation promises to
 * do by itself.
 */
export async function recover(
  traffic: Traffic,
  origins: readonly string[],
  postgres: DrillPostgres,
  violations: Violations,
): Promise<Recovery> {
  const stopped = Date.now();
  const answering = () => origins.every((origin) => (traffic.lastOk.get(origin) ?? 0) > stopped);
  while (!answering() && Date.now() < stopped + OK_WITHIN_MS) await sleep(LOOK_MS);
  const firstOkMs = Date.now() - stopped;
  if (!answering()) violations.add('I6', `some API has not answered 200 within ${OK_WITHIN_MS / 1_000} s`);
  const unanswered = await traffic.finish(stopped + DRAINED_WITHIN_MS - Date.now());
  if (unanswered > 0) violations.add('I6', `${unanswered} events never got a final answer`, unanswered);
  const marks = await drained(postgres, stopped + DRAINED_WITHIN_MS);
  if (marks > 0) violations.add('I6', `${marks} marks are left after ${DRAINED_WITHIN_MS / 1_000} s`, marks);
  return { firstOkMs, drainedMs: Date.now() - stopped };
}

/** Waits until no mark is left, and returns how many are after `deadline`. */
function drained(postgres: DrillPostgres, deadline: number): Promise<number> {
  return postgres.asSuperuser(async (client) => {
    for (;;) {
      const { rows } = await client.query<{ count: number }>(
        // A day is looked at for invalid traffic when it is over, and every hour for anomalies: those marks rightly wait.
        `SELECT count(*)::integer AS count FROM dirty_buckets WHERE kind NOT IN ('detect', 'anomaly')`,
      );
      const count = rows[0]?.count ?? 0;
      if (count === 0 || Date.now() > deadline) return count;
      await sleep(LOOK_MS);
    }
  });
}
