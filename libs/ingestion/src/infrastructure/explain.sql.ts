import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { RequestEvidence } from '../domain/counting/download-request.js';

/** Requests and downloads of what: of one podcast, of one episode, or of all. */
export interface ExplainScope {
  readonly podcastId: string | null;
  readonly episodeId: string | null;
}

interface Range {
  readonly from: Date;
  readonly to: Date;
}

/** How many requests the tenant has in a range, counted no further than `atMost`. */
export async function countRequestRows(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Range,
  atMost: number,
): Promise<number> {
  const rows = await sql<{ rows: number }>(
    `SELECT count(*)::integer AS rows
     FROM (SELECT FROM listener_events WHERE tenant_id = $1 AND occurred_at >= $2 AND occurred_at < $3
             AND event_type = 'download_request' LIMIT $4) AS listed`,
    [tenantId, from, to, atMost],
  );
  return rows[0]?.rows ?? 0;
}

/** The downloads that are shown, by when they began and when they were complete. */
export interface ShownDownloads {
  evidence: RequestEvidence;
  /** Begun in the range, whenever they were complete: what metrics show. */
  shown: number;
  /** Complete in the range, but begun before it. */
  begunBefore: number;
  /** Begun in the range, but complete after it. */
  completedAfter: number;
}

/** How the downloads shown for a range relate to the requests that completed a download in it. */
export function shownDownloads(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Range,
  { podcastId, episodeId }: ExplainScope,
): Promise<ShownDownloads[]> {
  return sql<ShownDownloads>(
    `SELECT d.evidence,
            (count(*) FILTER (WHERE d.occurred_at >= $2 AND d.occurred_at < $3))::integer AS shown,
            (count(*) FILTER (WHERE d.occurred_at < $2 AND d.settled_at >= $2))::integer AS "begunBefore",
            (count(*) FILTER (WHERE d.occurred_at >= $2 AND d.occurred_at < $3 AND d.settled_at >= $3))::integer
              AS "completedAfter"
     FROM downloads d
     JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
     WHERE d.tenant_id = $1 AND d.occurred_at >= $2::timestamptz - interval '2 days' AND d.occurred_at < $3
       AND ($4::uuid IS NULL OR d.podcast_id = $4) AND ($5::uuid IS NULL OR d.episode_id = $5)
     GROUP BY 1`,
    [tenantId, from, to, podcastId, episodeId],
  );
}

/** Lines that came again in an import, of the UTC days that lie whole in a range. Of no podcast: only with no scope. */
export async function duplicateDeliveries(
  sql: Sql,
  tenantId: TenantId,
  { from, to }: Range,
  { podcastId, episodeId }: ExplainScope,
): Promise<number> {
  const rows = await sql<{ requests: string | null }>(
    `SELECT sum(d.requests) AS requests
     FROM duplicate_deliveries d LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = d.episode_id
     WHERE d.tenant_id = $1 AND d.day::timestamp AT TIME ZONE 'UTC' >= $2
       AND (d.day + 1)::timestamp AT TIME ZONE 'UTC' <= $3
       AND ($4::uuid IS NULL OR e.podcast_id = $4) AND ($5::uuid IS NULL OR d.episode_id = $5)`,
    [tenantId, from, to, podcastId, episodeId],
  );
  return Number(rows[0]?.requests ?? 0);
}

/** A request as it may be shown: nothing of it names a listener. */
export interface ShownRequest {
  eventId: string;
  occurredAt: Date;
  episodeId: string | null;
  path: string | null;
  method: string | null;
  status: number | null;
  bytes: number | null;
  rangeAsked: string | null;
  userAgent: string | null;
  referrer: string | null;
  networkClass: string | null;
  country: string | null;
  importId: string | null;
}

/** Some stored requests, by id and time. */
export function shownRequests(
  sql: Sql,
  tenantId: TenantId,
  wanted: readonly { eventId: string; occurredAtMs: number }[],
): Promise<ShownRequest[]> {
  return sql<ShownRequest>(
    `SELECT l.event_id AS "eventId", l.occurred_at AS "occurredAt", l.episode_id AS "episodeId", p.value AS path, l.method,
            l.status, l.bytes_sent::float8 AS bytes, l.byte_range AS "rangeAsked", u.value AS "userAgent",
            r.value AS referrer, n.class AS "networkClass", n.country, l.import_id AS "importId"
     FROM unnest($2::uuid[], $3::timestamptz[]) AS w (event_id, occurred_at)
     JOIN listener_events l ON l.tenant_id = $1 AND l.occurred_at = w.occurred_at AND l.event_id = w.event_id
     LEFT JOIN user_agents u ON u.tenant_id = $1 AND u.id = l.user_agent_id
     LEFT JOIN referrers r ON r.tenant_id = $1 AND r.id = l.referrer_id
     LEFT JOIN networks n ON n.tenant_id = $1 AND n.id = l.network_id
     LEFT JOIN paths p ON p.tenant_id = $1 AND p.id = l.path_id
     ORDER BY l.occurred_at, l.event_id`,
    [
      tenantId,
      wanted.map(({ eventId }) => eventId),
      wanted.map(({ occurredAtMs }) => new Date(occurredAtMs)),
    ],
  );
}
