import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { DAY_MS, floorTime } from '@lib/primitives';
import { keepSecretFile } from '../keep-secret-file.js';

/** What is decided of a demo before anything of it is made, so that one that was interrupted can be finished as it began. */
export interface DemoPlan {
  tenantId: string;
  /** Where its listening ends: the UTC midnight before the first start. ISO 8601. */
  until: string;
  /** When it was begun. ISO 8601. */
  begunAt: string;
}

/** The keys of its listeners are destroyed 48 hours after they were made: by others, the same people would be strangers. */
const FINISHABLE_MS = DAY_MS;

/** A plan for a demo that ends today, at midnight UTC. */
export function newDemoPlan(now = new Date()): DemoPlan {
  return {
    tenantId: randomUUID(),
    until: floorTime(now, DAY_MS).toISOString(),
    begunAt: now.toISOString(),
  };
}

/**
 * The plan in the file `path`: a new one where there is none, or where that demo can no longer be finished as it began.
 * @param abandon is told of the plan that is given up, before it is forgotten
 */
export async function keepDemoPlan(
  path: string,
  abandon: (plan: DemoPlan) => Promise<void>,
): Promise<DemoPlan> {
  const plan = (await keepSecretFile(path, newDemoPlan())) as DemoPlan;
  if (Date.now() - Date.parse(plan.begunAt) < FINISHABLE_MS) return plan;
  await abandon(plan);
  await rm(path);
  return (await keepSecretFile(path, newDemoPlan())) as DemoPlan;
}
