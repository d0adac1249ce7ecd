import type { Sql } from '@lib/database';
import type { WindowCarry } from '../domain/counting/window-carry.js';
import type { AddressRange, CountedDay } from './downloads.sql.js';

/** A window that is open at the end of a UTC day, and the address that it is recounted with. */
export interface CarryRow {
  readonly addressId: string;
  readonly carry: WindowCarry;
}

/** The windows that a day left open for some listeners, by their ids under that day's key. */
export async function carryOfListeners(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  listenerIds: readonly string[],
): Promise<WindowCarry[]> {
  if (listenerIds.length === 0) return [];
  const rows = await sql<{ carry: WindowCarry }>(
    `SELECT carry FROM count_carry
     WHERE tenant_id = $1 AND rule_set_id = $2 AND day = $3 AND listener_id = ANY ($4::bigint[])`,
    [tenantId, ruleSetId, day, listenerIds],
  );
  return rows.map(({ carry }) => carry);
}

/** The windows that a day left open, of some addresses. */
export function storedCarry(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  { after, upTo, only }: AddressRange,
): Promise<CarryRow[]> {
  return sql<CarryRow>(
    `SELECT address_day_id AS "addressId", carry FROM count_carry
     WHERE tenant_id = $1 AND rule_set_id = $2 AND day = $3
       AND ($4::bigint IS NULL OR address_day_id > $4) AND ($5::bigint IS NULL OR address_day_id <= $5)
       AND ($6::bigint[] IS NULL OR address_day_id = ANY ($6))`,
    [tenantId, ruleSetId, day, after, upTo, only],
  );
}

/** Replaces some open windows by others. */
export async function replaceCarry(
  sql: Sql,
  { tenantId, ruleSetId, day }: CountedDay,
  gone: readonly CarryRow[],
  fresh: readonly CarryRow[],
): Promise<void> {
  await sql(
    `DELETE FROM count_carry c
     USING unnest($4::bigint[], $5::bigint[], $6::uuid[], $7::text[]) AS g (address_day_id, listener_id, episode_id, evidence)
     WHERE c.tenant_id = $1 AND c.rule_set_id = $2 AND c.day = $3 AND c.address_day_id = g.address_day_id
       AND c.listener_id = g.listener_id AND c.episode_id = g.episode_id AND c.evidence = g.evidence`,
    [tenantId, ruleSetId, day, ...columnsOf(gone)],
  );
  await sql(
    `INSERT INTO count_carry (tenant_id, rule_set_id, day, address_day_id, listener_id, episode_id, evidence, carry)
     SELECT $1, $2, $3, c.*
     FROM unnest($4::bigint[], $5::bigint[], $6::uuid[], $7::text[], $8::jsonb[]) AS c`,
    [tenantId, ruleSetId, day, ...columnsOf(fresh), fresh.map(({ carry }) => JSON.stringify(carry))],
  );
}

function columnsOf(rows: readonly CarryRow[]): unknown[] {
  return [
    rows.map(({ addressId }) => addressId),
    rows.map(({ carry }) => carry.listener),
    rows.map(({ carry }) => carry.episode),
    rows.map(({ carry }) => carry.evidence),
  ];
}
