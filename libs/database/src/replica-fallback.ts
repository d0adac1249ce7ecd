import { Counter } from 'prom-client';
import { databaseUnavailable } from './database-unavailable.js';

/** Why work went to the primary instead of a replica. */
type FallbackReason = 'lag' | 'conflict' | 'unavailable';

/** A replica is further behind than it may be. Never leaves `TenantDb`. */
export class ReplicaLags extends Error {
  constructor(ageMs: number | null) {
    super(`the replica is behind the primary; it replayed last ${ageMs ?? 'an unknown number of'} ms ago`);
    this.name = 'ReplicaLags';
  }
}

const fallbacks = new Counter({
  name: 'database_replica_fallbacks_total',
  help: 'Questions that a read replica could have answered and the primary did: the replica lagged, what it replayed was in conflict with the question, or it was not reached.',
  labelNames: ['reason'],
});

export function countFallback(reason: FallbackReason): void {
  fallbacks.inc({ reason });
}

/** Undefined for a failure that the primary would meet as well. */
export function fallbackReason(error: unknown): FallbackReason | undefined {
  if (error instanceof ReplicaLags) return 'lag';
  // What a replica replays can remove rows under a snapshot. Nothing else fails to serialise in a transaction that only reads.
  if ((error as { code?: unknown } | null)?.code === '40001') return 'conflict';
  return databaseUnavailable(error) ? 'unavailable' : undefined;
}
