import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { DAY_MS, floorTime, HOUR_MS, SLICE_MS } from '@lib/primitives';
import type { TestDatabase } from '@lib/testing';

/** A raw event as far as rollups look at it. */
export interface RawEvent {
  eventId: string;
  occurredAt: Date;
  episodeId: string;
  type: string;
  trusted: boolean;
  bytes: number | null;
}

/** A play of an episode at an instant. */
export function play(episodeId: string, occurredAt: Date | string): RawEvent {
  return {
    eventId: randomUUID(),
    occurredAt: new Date(occurredAt),
    episodeId,
    type: 'play',
    trusted: false,
    bytes: null,
  };
}

/** Stores events as ingestion does: facts and marks in one statement, repeats ignored, marks for new facts only. */
export async function storeEvents(
  sql: { query: (text: string, params: unknown[]) => Promise<unknown> },
  tenantId: string,
  events: readonly RawEvent[],
): Promise<void> {
  await sql.query(
    `WITH stored AS (
       INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                    payload_hash_version, trusted_sender, event_type, bytes_sent)
       SELECT $1, at, id, episode, now(), 0, 1, trusted, type, bytes
       FROM unnest($2::timestamptz[], $3::uuid[], $4::uuid[], $5::boolean[], $6::text[], $7::bigint[])
         AS e (at, id, episode, trusted, type, bytes)
       ORDER BY at, id ON CONFLICT DO NOTHING RETURNING occurred_at
     )
     INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', occurred_at, 'epoch') FROM stored`,
    [
      tenantId,
      events.map((event) => event.occurredAt),
      events.map((event) => event.eventId),
      events.map((event) => event.episodeId),
      events.map((event) => event.trusted),
      events.map((event) => event.type),
      events.map((event) => event.bytes),
    ],
  );
}

const STARTS = {
  slice: (at: Date) => floorTime(at, SLICE_MS),
  hour: (at: Date) => floorTime(at, HOUR_MS),
  day: (at: Date) => floorTime(at, DAY_MS),
  month: (at: Date) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)),
};

const NETWORK = '00000000-0000-0000-0000-000000000000';

/**
 * Rollup rows as `grain bucket podcast episode metric evidence` → value, counted one event at a time. Totals have `all`
 * for the episode, and zeros for the podcast where they are of the whole network.
 */
export function countByHand(events: readonly RawEvent[], podcastId: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of new Map(events.map((each) => [each.eventId, each])).values()) {
    const evidence =
      event.type !== 'download_request'
        ? 'client_confirmed'
        : event.trusted && event.bytes !== null
          ? 'origin_bytes'
          : 'prefix_only';
    for (const [grain, startOf] of Object.entries(STARTS)) {
      const bucket = startOf(event.occurredAt).toISOString();
      for (const scope of [`${podcastId} ${event.episodeId}`, `${podcastId} all`, `${NETWORK} all`]) {
        const key = [grain, bucket, scope, event.type, evidence].join(' ');
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
  }
  return counts;
}

/** The stored rollup rows of a tenant in the form of `countByHand`. A month whose days are gone stays, with 0. */
export async function storedRollups(database: TestDatabase, tenantId: string): Promise<Map<string, number>> {
  const { rows } = await database.owner.query<{ key: string; value: string }>(
    `SELECT concat_ws(' ', grain, to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), podcast_id,
                      episode, metric, evidence) AS key, value
     FROM (SELECT tenant_id, grain, bucket, podcast_id, episode_id::text AS episode, metric, evidence, value
           FROM listener_metrics WHERE dimension = 'none'
           UNION ALL
           SELECT tenant_id, grain, bucket, podcast_id, 'all', metric, evidence, value FROM listener_totals
           WHERE dimension = 'none') rows
     WHERE tenant_id = $1 AND (grain <> 'month' OR value <> 0)`,
    [tenantId],
  );
  return new Map(rows.map(({ key, value }) => [key, Number(value)]));
}

/** `metrics_daily` of a tenant and the sums by podcast that it must hold. */
export async function expectExactDays(database: TestDatabase, tenantId: string): Promise<void> {
  const { rows } = await database.owner.query<{ stored: unknown; expected: unknown }>(
    `SELECT (SELECT jsonb_agg(jsonb_build_array(day, podcast_id, metric, evidence, value, episodes)
                              ORDER BY day, podcast_id, metric, evidence)
             FROM metrics_daily WHERE tenant_id = $1) AS stored,
            (SELECT jsonb_agg(jsonb_build_array(day, podcast_id, metric, evidence, value, episodes)
                              ORDER BY day, podcast_id, metric, evidence)
             FROM (SELECT (occurred_at AT TIME ZONE 'UTC')::date AS day, podcast_id, event_type AS metric,
                          evidence_level(event_type, trusted_sender, bytes_sent) AS evidence, count(*) AS value,
                          count(DISTINCT episode_id) AS episodes
                   FROM listener_events l JOIN episodes e ON e.tenant_id = l.tenant_id AND e.id = l.episode_id
                   WHERE l.tenant_id = $1 GROUP BY 1, 2, 3, 4) counted) AS expected`,
    [tenantId],
  );
  expect(rows[0]?.stored).toEqual(rows[0]?.expected);
  expect(rows[0]?.stored).not.toBeNull();
}
