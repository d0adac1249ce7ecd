import type { Sql } from '@lib/database';

/**
 * What `dirty_buckets` marks: a 5-minute slice in which requests to be counted came (`count`), one whose events or
  | 'count'
  | 'slice'
  | 'metrics_daily'
  | 'detect'
  | 'recount'
  | 'privacy'
  | 'locate'
  | 'release'
  | 'publication'
  | 'anomaly'
  | 'export'
  | 'export_expiry'
  | 'audience';

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
