import { DAY_MS } from '@lib/primitives';
import type { Finding } from './finding.js';

/** From when to when raw events can be stored, without a gap between. */
export interface Horizon {
  from: Date;
  to: Date;
}

/** Days ahead that the worker keeps; fewer than one is an outage about to happen. */
const WANTED_DAYS_AHEAD = 7;

/**
 * Judges whether every event that may arrive has a partition: a missing one fails the whole batch.
 * @param horizon undefined when not even the present is covered
 * @param acceptanceDays how old an arriving event may be
 */
export function judgePartitions(horizon: Horizon | undefined, acceptanceDays: number, now: Date): Finding {
  const check = 'partitions';
  if (horizon === undefined) {
    return {
      check,
      verdict: 'fail',
      detail: 'there is no partition for the present: events cannot be stored',
    };
  }
  const covered = `${day(horizon.from)} to ${day(horizon.to)}`;
  if (horizon.from.getTime() > now.getTime() - acceptanceDays * DAY_MS) {
    return {
      check,
      verdict: 'fail',
      detail: `${covered}: events up to ${acceptanceDays} days old are accepted, but have no partition`,
    };
  }
  const ahead = (horizon.to.getTime() - now.getTime()) / DAY_MS;
  if (ahead >= WANTED_DAYS_AHEAD) {
    return { check, verdict: 'ok', detail: `${covered}, ${Math.floor(ahead)} days ahead` };
  }
  return {
    check,
    verdict: ahead < 1 ? 'fail' : 'warn',
    detail: `${covered}: only ${ahead.toFixed(1)} days ahead of ${WANTED_DAYS_AHEAD}. Is a worker running as podcast_maintenance?`,
  };
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
