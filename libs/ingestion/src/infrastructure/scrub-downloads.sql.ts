import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

const ANY_RULE_SET = `rule_set_id IN (SELECT id FROM rule_sets WHERE tenant_id = $1)`;
const OF_LISTENER = `(listener_id = ANY ($3::bigint[]) OR audience_a = ANY ($3::bigint[]) OR audience_b = ANY ($3::bigint[]))`;

/**
 * Removes what a UTC day owns of some listeners, under every rule set: a scrubbed request completes no download.
 * @returns when they began
 */
export async function removeListenerDownloads(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  listenerIds: readonly string[],
): Promise<Date[]> {
  const rows = await sql<{ occurredAt: Date }>(
    `DELETE FROM downloads WHERE tenant_id = $1 AND settled_day = $2 AND ${ANY_RULE_SET} AND ${OF_LISTENER}
     RETURNING occurred_at AS "occurredAt"`,
    [tenantId, day, listenerIds],
  );
  return rows.map(({ occurredAt }) => occurredAt);
}

/** Removes the windows that a UTC day left open for some listeners, under every rule set. @returns how many */
export async function removeListenerCarry(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  listenerIds: readonly string[],
): Promise<number> {
  const rows = await sql(
    `DELETE FROM count_carry
     WHERE tenant_id = $1 AND day = $2 AND ${ANY_RULE_SET} AND listener_id = ANY ($3::bigint[]) RETURNING 1 AS one`,
    [tenantId, day, listenerIds],
  );
  return rows.length;
}

/** Rows of days whose requests are gone. */
export interface FrozenRows {
  downloads: number;
  carry: number;
  /** The UTC days on which those downloads began. */
  days: string[];
}

/**
 * Takes the listener out of what was counted before `day`, where the requests themselves are gone: those numbers stand
 * for good, so the downloads stay and nobody can tell whose they were. Open windows of those days serve nothing any more.
 */
export async function scrubFrozenDownloads(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  listenerIds: readonly string[],
): Promise<FrozenRows> {
  const [row] = await sql<FrozenRows>(
    `WITH found AS MATERIALIZED (
       SELECT rule_set_id, settled_day, address_day_id, download_id, settled_at, listener_id, occurred_at FROM downloads
       WHERE tenant_id = $1 AND settled_day < $2 AND ${ANY_RULE_SET} AND ${OF_LISTENER}
     ), scrubbed AS (
       UPDATE downloads d SET listener_id = 0, address_day_id = 0, audience_a = NULL, audience_b = NULL
       FROM found f
       WHERE d.tenant_id = $1 AND d.rule_set_id = f.rule_set_id AND d.settled_day = f.settled_day
         AND d.address_day_id = f.address_day_id AND d.download_id = f.download_id AND d.settled_at = f.settled_at
     ), removed AS (
       DELETE FROM count_carry c
       WHERE c.tenant_id = $1 AND c.day < $2 AND c.${ANY_RULE_SET}
         AND (c.listener_id = ANY ($3::bigint[]) OR c.listener_id IN (SELECT listener_id FROM found))
       RETURNING 1
     )
     SELECT (SELECT count(*)::integer FROM found) AS downloads, (SELECT count(*)::integer FROM removed) AS carry,
            (SELECT coalesce(jsonb_agg(DISTINCT (occurred_at AT TIME ZONE 'UTC')::date::text), '[]') FROM found) AS days`,
    [tenantId, day, listenerIds],
  );
  return row ?? { downloads: 0, carry: 0, days: [] };
}

/** Takes addresses that ask for nothing else on a UTC day out of what was found about them. @returns how many findings */
export async function scrubQuarantines(
  sql: Sql,
  tenantId: TenantId,
  day: string,
  addressIds: readonly string[],
): Promise<number> {
  const rows = await sql(
    `UPDATE quarantines q SET address_day_id = NULL, subject = 'erased ' || q.id, evidence = '{}'
     WHERE q.tenant_id = $1 AND q.day = $2 AND q.address_day_id = ANY ($3::bigint[])
       AND NOT EXISTS (SELECT FROM listener_events e
                       WHERE e.tenant_id = $1 AND e.occurred_at >= $2::date::timestamp AT TIME ZONE 'UTC'
                         AND e.occurred_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
                         AND e.address_day_id = q.address_day_id)
     RETURNING 1 AS one`,
    [tenantId, day, addressIds],
  );
  return rows.length;
}
