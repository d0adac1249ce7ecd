import type { Sql } from '@lib/database';

/** What `dirty_buckets` marks. */
export type MarkKind =
  /** A UTC hour whose continuous aggregates are out of date. */
  | 'aggregate'
  /** A 5-minute slice in which requests to be counted came. */
  | 'count'
  /** A slice whose events or downloads changed. */
  | 'slice'
  /** A slice whose listening is to be read again. */
  | 'listening'
  /** A UTC day whose rollups changed. */
  | 'metrics_daily'
  /** A slice whose hour is to be counted anew by app, device and country. */
  | 'dimension'
  /** That agents of the tenant have no name yet. */
  | 'agents'
  /** A UTC day whose listeners changed. */
  | 'audience'
  /** A UTC day whose downloads by age changed. */
  | 'release'
  /** That dates of publication changed. */
  | 'publication'
  /** A UTC day whose totals are to be compared with what is usual. */
  | 'anomaly'
  /** A day whose downloads are to be looked at for invalid traffic. */
  | 'detect'
  /** That a recount waits. */
  | 'recount'
  /** That a listener's request waits. */
  | 'privacy'
  /** That requests without an episode are to be looked at again. */
  | 'locate'
  /** That a file waits to be written. */
  | 'export'
  /** That a written file is to be removed one day. */
  | 'export_expiry';

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
