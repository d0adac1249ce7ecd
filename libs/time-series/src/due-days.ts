import { DAY_MS, floorTime, toTenantId, type TenantId } from '@lib/primitives';
import type { DueWork } from './due-work.sql.js';

/** One UTC day of one tenant on which work waits. */
export interface DueDay {
  readonly tenantId: TenantId;
  /** 00:00 UTC. */
  readonly day: Date;
  /** Names the pair. */
  readonly key: string;
}

/**
 * The tenant-days of a work list, each once: the oldest day of every tenant first, then the second of every tenant, and
 * so on. A tenant that imports a year of history delays nobody else.
 *
 * @param due oldest first
 */
export function dueDays(due: readonly DueWork[]): DueDay[] {
  const byTenant = new Map<string, Map<number, DueDay>>();
  for (const { tenantId, bucket } of due) {
    const day = floorTime(bucket, DAY_MS);
    const days = byTenant.get(tenantId) ?? new Map<number, DueDay>();
    byTenant.set(tenantId, days);
    if (!days.has(day.getTime()))
      days.set(day.getTime(), {
        tenantId: toTenantId(tenantId),
        day,
        key: `${tenantId} ${day.toISOString()}`,
      });
  }
  const queues = [...byTenant.values()].map((days) => [...days.values()]);
  const rounds = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: rounds }, (_, round) =>
    queues.flatMap((queue) => queue.slice(round, round + 1)),
  ).flat();
}
