import { randomUUID } from 'node:crypto';
import type { Sql } from '@lib/database';
import type { ListPosition } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import type { AlertState } from '../../domain/anomalies/alert-states.js';
import type { LikelyReason, Reason } from '../../domain/anomalies/likely-reasons.js';
import type { Evidence } from '../../domain/event-metrics.js';

/** A number of one day that is far from what is usual. */
export interface Anomaly {
  podcastId: string;
  evidence: Evidence;
  direction: 'above' | 'below';
  expected: number;
  actual: number;
  z: number;
  /** The most telling first; at least one. */
  reasons: readonly LikelyReason[];
}

/** An anomaly, and what became of it. */
export interface AlertRow extends Anomaly {
  id: string;
  /** UTC, `YYYY-MM-DD`. */
  day: string;
  /** How many hours of the day were compared. */
  hours: number;
  metric: 'downloads';
  likelyReason: Reason;
  state: AlertState;
  foundAt: Date;
  resolvedAt: Date | null;
  acknowledgedBy: string | null;
  acknowledgedAt: Date | null;
  note: string | null;
}

const COLUMNS = `id, podcast_id AS "podcastId", day::text AS day, hours, metric, evidence, direction, expected,
  actual::float8 AS actual, z, state, likely_reason AS "likelyReason", reasons, found_at AS "foundAt",
  resolved_at AS "resolvedAt", acknowledged_by AS "acknowledgedBy", acknowledged_at AS "acknowledgedAt", note`;

/**
 * Stores what was found on a UTC day: one alert for each podcast, level and direction, whose figures are renewed. One that
 * had resolved is as it was before. Alerts that are right already are not written.
 *
 * @param raise false renews alerts that there are and raises none
 */
export async function keepAlerts(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  hours: number,
  found: readonly Anomaly[],
  raise: boolean,
): Promise<number> {
  if (found.length === 0) return 0;
  const rows = await sql(
    `INSERT INTO alerts AS a (tenant_id, day, hours, metric, id, podcast_id, evidence, direction, expected, actual, z,
                              likely_reason, reasons)
     SELECT $1, $2::date, $3::integer, 'downloads', f.*
     FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::float8[], $9::bigint[], $10::float8[], $11::text[],
                 $12::jsonb[]) AS f (id, podcast_id, evidence, direction, expected, actual, z, likely_reason, reasons)
     WHERE $13::boolean OR EXISTS (
       SELECT FROM alerts o WHERE o.tenant_id = $1 AND o.podcast_id = f.podcast_id AND o.day = $2::date
         AND o.metric = 'downloads' AND o.evidence = f.evidence AND o.direction = f.direction)
     ON CONFLICT (tenant_id, podcast_id, day, metric, evidence, direction) DO UPDATE
       SET hours = EXCLUDED.hours, expected = EXCLUDED.expected, actual = EXCLUDED.actual, z = EXCLUDED.z,
           likely_reason = EXCLUDED.likely_reason, reasons = EXCLUDED.reasons, resolved_at = NULL,
           state = CASE WHEN a.acknowledged_at IS NULL THEN 'open' ELSE 'acknowledged' END
       WHERE (a.hours, a.expected, a.actual, a.z, a.likely_reason, a.reasons)
             IS DISTINCT FROM (EXCLUDED.hours, EXCLUDED.expected, EXCLUDED.actual, EXCLUDED.z, EXCLUDED.likely_reason,
                               EXCLUDED.reasons)
          OR a.state = 'resolved'
     RETURNING 1 AS one`,
    [
      tenantId,
      day,
      hours,
      found.map(() => randomUUID()),
      found.map(({ podcastId }) => podcastId),
      found.map(({ evidence }) => evidence),
      found.map(({ direction }) => direction),
      found.map(({ expected }) => expected),
      found.map(({ actual }) => actual),
      found.map(({ z }) => z),
      found.map(({ reasons }) => reasons[0]?.reason ?? 'unknown'),
      found.map(({ reasons }) => JSON.stringify(reasons)),
      raise,
    ],
  );
  return rows.length;
}

/** Resolves the alerts of a UTC day that are not among `found`, in the directions that were judged. Returns how many. */
export async function resolveAlerts(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  found: readonly Anomaly[],
  directions: readonly Anomaly['direction'][],
): Promise<number> {
  const rows = await sql(
    `UPDATE alerts a SET state = 'resolved', resolved_at = now()
     WHERE a.tenant_id = $1 AND a.day = $2 AND a.state <> 'resolved' AND a.direction = ANY ($3::text[])
       AND NOT EXISTS (SELECT FROM unnest($4::uuid[], $5::text[], $6::text[]) AS f (podcast_id, evidence, direction)
                       WHERE f.podcast_id = a.podcast_id AND f.evidence = a.evidence AND f.direction = a.direction)
     RETURNING 1 AS one`,
    [
      tenantId,
      day,
      directions,
      found.map(({ podcastId }) => podcastId),
      found.map(({ evidence }) => evidence),
      found.map(({ direction }) => direction),
    ],
  );
  return rows.length;
}

/** Of some UTC days, `YYYY-MM-DD`, those with alerts that have not resolved. */
export async function unresolvedDays(
  sql: Sql,
  tenantId: TenantId,
  days: readonly string[],
): Promise<string[]> {
  const rows = await sql<{ day: string }>(
    `SELECT DISTINCT day::text AS day FROM alerts
     WHERE tenant_id = $1 AND day = ANY ($2::date[]) AND state <> 'resolved'`,
    [tenantId, days],
  );
  return rows.map(({ day }) => day);
}

/** Up to `limit` alerts after `after`, the last found first; of one state or podcast, or of all. */
export function listAlerts(
  sql: Sql,
  tenantId: TenantId,
  filter: { state: AlertState | null; podcastId: string | null },
  limit: number,
  after: ListPosition,
): Promise<(AlertRow & ListPosition)[]> {
  return sql(
    `SELECT ${COLUMNS}, found_at::text AS "sortKey" FROM alerts
     WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR podcast_id = $3)
       AND (found_at, id) < ($4::timestamptz, $5::uuid)
     ORDER BY found_at DESC, id DESC LIMIT $6`,
    [tenantId, filter.state, filter.podcastId, after.sortKey, after.id, limit],
  );
}

/** Notes that a person has seen an alert; one that has resolved stays so. Undefined when there is none with that id. */
export async function acknowledgeAlert(
  sql: Sql,
  tenantId: TenantId,
  id: string,
  by: string,
  note: string | null,
): Promise<AlertRow | undefined> {
  const rows = await sql<AlertRow>(
    `UPDATE alerts SET state = CASE WHEN state = 'open' THEN 'acknowledged' ELSE state END, acknowledged_by = $3,
            acknowledged_at = now(), note = $4
     WHERE tenant_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
    [tenantId, id, by, note],
  );
  return rows[0];
}
