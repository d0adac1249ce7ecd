import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { EVENT_METRICS } from '../../domain/event-metrics.js';
import { WHOLE_NETWORK } from '../rebuild-totals.sql.js';

/** How many there are, archived ones apart. */
export interface Holding {
  active: number;
  archived: number;
}

/** A tenant's podcasts and episodes. An episode of a podcast that is archived is counted by itself. */
export async function catalogueSize(
  sql: Sql,
  tenantId: TenantId,
): Promise<{ podcasts: Holding; episodes: Holding }> {
  const holding = (table: string) => `
    (SELECT jsonb_build_object('active', count(*) FILTER (WHERE archived_at IS NULL), 'archived', count(archived_at))
     FROM ${table} WHERE tenant_id = $1)`;
  const [row] = await sql<{ podcasts: Holding; episodes: Holding }>(
    `SELECT ${holding('podcasts')} AS podcasts, ${holding('episodes')} AS episodes`,
    [tenantId],
  );
  return row ?? { podcasts: { active: 0, archived: 0 }, episodes: { active: 0, archived: 0 } };
}

/** How many events a UTC day has, `YYYY-MM-DD`. */
export interface EventsOfDay {
  day: string;
  events: number;
}

/**
 * Events by UTC day, both days included, days without any left out: from rollups, each event once, of whatever type and
 * evidence. Requests of nothing but an episode are in no rollup.
 */
export function eventsByDay(
  sql: Sql,
  tenantId: TenantId,
  firstDay: string,
  lastDay: string,
): Promise<EventsOfDay[]> {
  return sql<EventsOfDay>(
    `SELECT (bucket AT TIME ZONE 'UTC')::date::text AS day, sum(value)::float8 AS events
     FROM listener_totals
     WHERE tenant_id = $1 AND podcast_id = ${WHOLE_NETWORK} AND grain = 'day' AND metric = ANY ($2::text[])
       AND bucket >= $3::date::timestamp AT TIME ZONE 'UTC' AND bucket <= $4::date::timestamp AT TIME ZONE 'UTC'
       AND dimension = 'none'
     GROUP BY 1 ORDER BY 1`,
    [tenantId, EVENT_METRICS, firstDay, lastDay],
  );
}

/** When a tenant's first and last raw events that are kept occurred; null when there is none. */
export async function eventBounds(
  sql: Sql,
  tenantId: TenantId,
): Promise<{ oldest: Date | null; newest: Date | null }> {
  const [row] = await sql<{ oldest: Date | null; newest: Date | null }>(
    `SELECT (SELECT min(occurred_at) FROM listener_events WHERE tenant_id = $1) AS oldest,
            (SELECT max(occurred_at) FROM listener_events WHERE tenant_id = $1) AS newest`,
    [tenantId],
  );
  return row ?? { oldest: null, newest: null };
}
