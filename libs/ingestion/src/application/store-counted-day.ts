import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, SLICE_MS, utcDate } from '@lib/primitives';
import { replaceCarry, storedCarry, type CarryRow } from '../infrastructure/count-carry.sql.js';
import { slicesOfReturning } from '../infrastructure/day-requests.sql.js';
import {
  insertDownloads,
  removeDownloads,
  storedDownloads,
  type AddressRange,
  type CountedDay,
  type DownloadRow,
} from '../infrastructure/downloads.sql.js';
import type { AgentReader } from './agent-reader.js';
import { countDay, downloadRows, type CountedPortion, type DayToCount } from './count-day.js';

/** What storing a counted day changed. */
export interface DayChange {
  /** 5-minute slices whose downloads are others now: their rollups have to be rebuilt. */
  readonly slices: readonly Date[];
  /** 5-minute slices of the next UTC day whose listeners start from other open windows: they have to be counted again. */
  readonly nextDay: readonly Date[];
  readonly requests: number;
  readonly written: number;
}

/**
 * Counts a day and makes the stored downloads say exactly that. Rows that are right are not touched. `look` is shown each
 * portion.
 *
 * Call it under the day's lock and, for rolling windows, the next day's too.
 */
export async function storeCountedDay(
  sql: Sql,
  toCount: DayToCount,
  agents: AgentReader,
  look: (portion: CountedPortion) => Promise<void> = async () => undefined,
): Promise<DayChange> {
  const { tenantId, ruleSet, addressIds: only } = toCount;
  const day: CountedDay = { tenantId, ruleSetId: ruleSet.id, day: utcDate(toCount.day) };
  const slices = new Set<number>();
  const returning = new Set<string>();
  let [requests, written] = [0, 0];
  let after: string | null = null;
  const store = async (range: AddressRange, portion: CountedPortion | undefined): Promise<void> => {
    const changed = await storeDownloads(sql, day, range, portion ? downloadRows(portion) : []);
    written += changed.length;
    for (const { occurredAt } of changed) slices.add(floorTime(new Date(occurredAt), SLICE_MS).getTime());
    if (ruleSet.rules.window === 'calendar_day') return;
    for (const id of await storeCarry(sql, day, range, portion ? carryRows(portion) : [])) returning.add(id);
  };
  for await (const portion of countDay(sql, toCount, agents)) {
    requests += portion.requests.length;
    await look(portion);
    const upTo: string | null = lastAddress(portion) ?? after;
    await store({ after, upTo, only }, portion);
    after = upTo;
  }
  // What was counted for addresses that have no request any more, beyond the last one.
  await store({ after, upTo: null, only }, undefined);
  const nextDay = await slicesOfReturning(sql, tenantId, dayAfter(toCount.day), [...returning]);
  return { slices: [...slices].map((ms) => new Date(ms)), nextDay, requests, written };
}

function dayAfter(day: Date): { from: Date; to: Date } {
  return { from: new Date(day.getTime() + DAY_MS), to: new Date(day.getTime() + 2 * DAY_MS) };
}

/** The last address of a portion; requests without one come at its end. */
function lastAddress({ requests }: CountedPortion): string | null {
  return requests.findLast(({ addressId }) => addressId !== null)?.addressId ?? null;
}

/** Returns the rows that were removed or added. */
async function storeDownloads(
  sql: Sql,
  day: CountedDay,
  range: AddressRange,
  fresh: readonly DownloadRow[],
): Promise<DownloadRow[]> {
  const stored = await storedDownloads(sql, day, range);
  const { gone, added } = difference(stored, fresh, (row) =>
    JSON.stringify(DOWNLOAD_FIELDS.map((f) => row[f])),
  );
  await removeDownloads(sql, day, gone);
  await insertDownloads(sql, day, added);
  return [...gone, ...added];
}

const DOWNLOAD_FIELDS = [
  'addressId',
  'downloadId',
  'occurredAt',
  'settledAt',
  'podcastId',
  'episodeId',
  'listenerId',
  'audienceA',
  'audienceB',
  'bytes',
  'evidence',
  'app',
  'device',
  'country',
] as const satisfies readonly (keyof DownloadRow)[];

/** Returns the listeners whose open windows are others now, by their ids of the day. */
async function storeCarry(
  sql: Sql,
  day: CountedDay,
  range: AddressRange,
  fresh: readonly CarryRow[],
): Promise<string[]> {
  const stored = await storedCarry(sql, day, range);
  const { gone, added } = difference(stored, fresh, carryText);
  if (gone.length > 0 || added.length > 0) await replaceCarry(sql, day, gone, added);
  return [...gone, ...added].map(({ carry }) => carry.listener);
}

/** jsonb does not keep the order of fields. */
function carryText({ addressId, carry }: CarryRow): string {
  const { listener, episode, evidence, firstTouchMs, lastTouchMs, settled, coverage } = carry;
  const { served, segments, segmentMs, segmentBytes } = coverage;
  const ranges = served.map(({ from, to }) => [from, to]);
  return JSON.stringify([
    [addressId, listener, episode, evidence, firstTouchMs, lastTouchMs, settled],
    [ranges, segments, segmentMs, segmentBytes],
  ]);
}

function carryRows({ requests, count }: CountedPortion): CarryRow[] {
  const addresses = new Map(requests.map(({ listenerId, addressId }) => [listenerId, addressId]));
  return count.carry.flatMap((carry) => {
    const addressId = addresses.get(carry.listener);
    return addressId ? [{ addressId, carry }] : [];
  });
}

/** Which of `stored` are not in `fresh`, and the other way round. */
function difference<Row>(
  stored: readonly Row[],
  fresh: readonly Row[],
  textOf: (row: Row) => string,
): { gone: Row[]; added: Row[] } {
  const left = new Map(stored.map((row) => [textOf(row), row]));
  const added = fresh.filter((row) => !left.delete(textOf(row)));
  return { gone: [...left.values()], added };
}
