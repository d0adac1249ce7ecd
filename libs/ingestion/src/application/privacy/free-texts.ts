import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, type TenantId } from '@lib/primitives';
import { TEXT_TABLES, type PrivacyReport, type TextTable } from '../../domain/privacy/privacy-request.js';
import { nextRawEvent } from '../../infrastructure/scrub-events.sql.js';
import { lockTexts, namedTexts, removeTexts } from '../../infrastructure/unused-texts.sql.js';

/**
 * Removes texts that no raw event names any more: an agent or a referrer that nobody else sends names its listener.
 *
 * Looks twice. The first look drops what others send, which is nearly everything. The rest is locked, so that whoever
 * stores such a text waits, and is looked for again: a row that was under way during the first look is found then.
 * Writers who take a text for stored without asking do so for a minute (`TEXT_KNOWN_MS`): call this later than that.
 * @returns how many texts went, by dictionary
 */
export async function freeTexts(
  sql: Sql,
  tenantId: TenantId,
  texts: PrivacyReport['texts'],
): Promise<Partial<Record<TextTable, number>>> {
  const removed: Partial<Record<TextTable, number>> = {};
  for (const table of TEXT_TABLES) {
    const rare = await unnamed(sql, tenantId, table, texts[table]);
    const locked = rare.length === 0 ? [] : await lockTexts(sql, tenantId, table, rare);
    const unused = await unnamed(sql, tenantId, table, locked);
    if (unused.length > 0) await removeTexts(sql, tenantId, table, unused);
    removed[table] = unused.length;
  }
  return removed;
}

/** Reads day by day, so that no statement takes long, until every text was found. */
async function unnamed(
  sql: Sql,
  tenantId: TenantId,
  table: TextTable,
  ids: readonly string[],
): Promise<string[]> {
  const left = new Set(ids);
  let next = await nextRawEvent(sql, tenantId, new Date(0));
  while (next !== null && left.size > 0) {
    const from = floorTime(next, DAY_MS);
    const to = new Date(from.getTime() + DAY_MS);
    for (const id of await namedTexts(sql, tenantId, table, { from, to }, [...left])) left.delete(id);
    next = await nextRawEvent(sql, tenantId, to);
  }
  return [...left];
}
