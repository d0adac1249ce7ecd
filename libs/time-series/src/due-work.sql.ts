import type { Sql } from '@lib/database';

/**
 * What `dirty_buckets` marks: a 5-minute slice in which requests to be counted came (`count`), one whose events or
 * downloads changed (`slice`), a UTC day whose rollups changed (`metrics_daily`), a day whose downloads changed, to be
 * looked at for invalid traffic (`detect`), an hour whose events changed, for aggregates of the engine (`aggregate`), or that a tenant waits for a recount (`recount`), for a listener's request to
 * be answered (`privacy`), or for requests without an episode to be looked at again (`locate`).
 */
export type MarkKind =
  'count' | 'slice' | 'metrics_daily' | 'detect' | 'recount' | 'privacy' | 'locate' | 'aggregate';

/** Work that waits: the bucket of one tenant, and for how long its oldest mark has been there. */
export interface DueWork {
  tenantId: string;
  bucket: Date;
  ageSeconds: number;
}

/** The oldest marked buckets of every tenant, oldest first. Runs as `podcast_app` without a tenant. */
export function dueWork(sql: Sql, kind: MarkKind, limit: number): Promise<DueWork[]> {
  return sql<DueWork>(
    `SELECT tenant_id AS "tenantId", key AS bucket,
            greatest(extract(epoch FROM clock_timestamp() - due_at), 0)::float8 AS "ageSeconds"
     FROM due_work($1, $2)`,
    [kind, limit],
  );
}
