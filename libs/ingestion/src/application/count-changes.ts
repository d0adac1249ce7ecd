import { setImmediate } from 'node:timers/promises';
import type { Sql } from '@lib/database';
import { DAY_MS, floorTime, type TenantId } from '@lib/primitives';
import type { Download } from '../domain/counting/download.js';
import type { RuleChange } from '../domain/reconciliation/rule-changes.js';
import type { CountingBasis } from '../domain/rule-set.js';
import { dayRequests } from '../infrastructure/day-requests.sql.js';
import type { AgentReader } from './agent-reader.js';
import { PortionCounter, type CountedPortion } from './count-day.js';
import { LEAD_IN_DAYS } from './count-range.js';
import { OpenCarry } from './open-carry.js';

/** Which downloads of the requests of a range are added up. */
export interface ChangedScope {
  readonly tenantId: TenantId;
  readonly from: Date;
  readonly to: Date;
  /** Whether windows reach over midnight: days before and after the range are looked at then. */
  readonly isRolling: boolean;
  readonly isAsked: (download: Download, podcastId: string | null) => boolean;
}

/** The requests that a scope's downloads are made of, in whole UTC days. */
export function requestRange({ from, to, isRolling }: Pick<ChangedScope, 'from' | 'to' | 'isRolling'>): {
  from: Date;
  to: Date;
} {
  const first = floorTime(from, DAY_MS).getTime() - (isRolling ? LEAD_IN_DAYS * DAY_MS : 0);
  const last = floorTime(new Date(to.getTime() - 1), DAY_MS).getTime() + (isRolling ? DAY_MS : 0);
  return { from: new Date(first), to: new Date(last + DAY_MS) };
}

/**
 * Counts the stored requests of a scope once for each change of the rules, by the function that counts always, and says
 * how many downloads each gives. Stores nothing. Between changes others have their turn: one portion counted ten times
 * would hold up whoever else this process serves.
 * @param basisOf by what a UTC day is counted; days without a rule set are left out
 */
export async function countChanges<Code extends string>(
  sql: Sql,
  scope: ChangedScope,
  basisOf: (day: Date) => Promise<CountingBasis | undefined>,
  agents: AgentReader,
  changes: ReadonlyMap<Code, RuleChange>,
): Promise<Map<Code, number>> {
  const { tenantId } = scope;
  const range = requestRange(scope);
  const tallies = [...changes].map(([code, change]) => ({
    code,
    change,
    open: new OpenCarry(),
    downloads: 0,
  }));
  for (let ms = range.from.getTime(); ms < range.to.getTime(); ms += DAY_MS) {
    const day = new Date(ms);
    const own = await basisOf(day);
    if (own === undefined) continue;
    const counters = tallies.map((tally) => {
      const rules = tally.change.rules?.(own.ruleSet.rules) ?? own.ruleSet.rules;
      const ruled = { ...own, tenantId, day, ruleSet: { ...own.ruleSet, rules } };
      return {
        tally,
        counter: new PortionCounter(sql, ruled, agents, tally.open.windows, tally.change.request),
      };
    });
    const to = new Date(ms + DAY_MS);
    for await (const requests of dayRequests(sql, tenantId, { from: day, to, addressIds: null }))
      for (const { tally, counter } of counters) {
        const portion = await counter.count(requests);
        tally.open.keep(portion.count.carry);
        tally.downloads += downloadsAsked(portion, scope);
        await setImmediate();
      }
    for (const { open } of tallies) open.turn();
  }
  return new Map(tallies.map(({ code, downloads }) => [code, downloads]));
}

function downloadsAsked({ requests, count }: CountedPortion, { isAsked }: ChangedScope): number {
  const podcasts = new Map(requests.map(({ episodeId, podcastId }) => [episodeId, podcastId]));
  return count.downloads.filter((download) => isAsked(download, podcasts.get(download.episode) ?? null))
    .length;
}
