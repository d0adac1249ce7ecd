import type { Sql } from '@lib/database';
import { DAY_MS, floorTime } from '@lib/primitives';
import type { DownloadWindow } from '../domain/counting/counting-rules.js';
import type { CountingBasis, RuleSet } from '../domain/rule-set.js';
import { dayRequests } from '../infrastructure/day-requests.sql.js';
import type { AgentReader } from './agent-reader.js';
import { PortionCounter, storedWindows, type CountedPortion, type RuledDay } from './count-day.js';
import { OpenCarry } from './open-carry.js';

/** Days counted before a range in a window that is not the tenant's own, to find the windows that are open at its start. */
export const LEAD_IN_DAYS = 3;

/** A portion of one day of a range. */
export interface RangePortion extends CountedPortion {
  readonly day: Date;
  readonly ruleSet: RuleSet;
}

/**
 * Counts the UTC days that a range touches, each by its own rule set and sizes of files, without storing anything. `window` takes the place of
 * the rule sets' own; windows are then followed from three days before the range.
 * @param basisOf by what a day is counted; days without a rule set are left out
 */
export async function* countRange(
  sql: Sql,
  tenantId: RuledDay['tenantId'],
  range: { from: Date; to: Date },
  basisOf: (day: Date) => Promise<CountingBasis | undefined>,
  agents: AgentReader,
  window?: DownloadWindow,
): AsyncGenerator<RangePortion> {
  const first = floorTime(range.from, DAY_MS).getTime();
  const open = new OpenCarry();
  for (let ms = first - (window ? LEAD_IN_DAYS * DAY_MS : 0); ms < range.to.getTime(); ms += DAY_MS) {
    const day = new Date(ms);
    const own = await basisOf(day);
    if (own === undefined) continue;
    const rules = window ? { ...own.ruleSet.rules, window } : own.ruleSet.rules;
    const ruleSet = { ...own.ruleSet, rules };
    const ruled = { ...own, tenantId, day, ruleSet };
    const windows = window ? open.windows : storedWindows(sql, ruled);
    const counter = new PortionCounter(sql, ruled, agents, windows);
    const to = new Date(ms + DAY_MS);
    for await (const requests of dayRequests(sql, tenantId, { from: day, to, addressIds: null })) {
      const portion = await counter.count(requests);
      open.keep(portion.count.carry);
      if (ms >= first) yield { ...portion, day, ruleSet };
    }
    open.turn();
  }
}
