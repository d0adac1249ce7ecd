import type { Sql } from '@lib/database';
import { DAY_MS, floorTime } from '@lib/primitives';
import type { StoredRequest } from '../domain/counted-request.js';
import type { DownloadWindow } from '../domain/counting/counting-rules.js';
import { rekeyCarry, type WindowCarry } from '../domain/counting/window-carry.js';
import type { RuleSet } from '../domain/rule-set.js';
import { dayRequests } from '../infrastructure/day-requests.sql.js';
import type { AgentReader } from './agent-reader.js';
import {
  idsOfToday,
  PortionCounter,
  storedWindows,
  type CountedPortion,
  type RuledDay,
} from './count-day.js';

/** Days counted before a range in a window that is not the tenant's own, to find the windows that are open at its start. */
export const LEAD_IN_DAYS = 3;

/** A portion of one day of a range. */
export interface RangePortion extends CountedPortion {
  readonly day: Date;
  readonly ruleSet: RuleSet;
}

/**
 * Counts the UTC days that a range touches, each under its rule set, without storing anything. `window` takes the place of
 * the rule sets' own; windows are then followed from three days before the range.
 * @param ruleSetOf the rule set of a day; days without one are left out
 */
export async function* countRange(
  sql: Sql,
  tenantId: RuledDay['tenantId'],
  range: { from: Date; to: Date },
  ruleSetOf: (day: Date) => Promise<RuleSet | undefined>,
  agents: AgentReader,
  window?: DownloadWindow,
): AsyncGenerator<RangePortion> {
  const first = floorTime(range.from, DAY_MS).getTime();
  const open = new OpenCarry();
  for (let ms = first - (window ? LEAD_IN_DAYS * DAY_MS : 0); ms < range.to.getTime(); ms += DAY_MS) {
    const day = new Date(ms);
    const own = await ruleSetOf(day);
    if (own === undefined) continue;
    const ruleSet = window ? { ...own, rules: { ...own.rules, window } } : own;
    const ruled = { tenantId, day, ruleSet };
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

/** Open windows that pass from one day to the next in memory. */
class OpenCarry {
  private yesterday = new Map<string, WindowCarry[]>();
  private today = new Map<string, WindowCarry[]>();

  readonly windows = async (requests: readonly StoredRequest[]): Promise<WindowCarry[]> => {
    const todayOf = idsOfToday(requests);
    return rekeyCarry(
      [...todayOf.keys()].flatMap((id) => this.yesterday.get(id) ?? []),
      todayOf,
    );
  };

  keep(carry: readonly WindowCarry[]): void {
    for (const window of carry) {
      const known = this.today.get(window.listener);
      if (known === undefined) this.today.set(window.listener, [window]);
      else known.push(window);
    }
  }

  turn(): void {
    this.yesterday = this.today;
    this.today = new Map();
  }
}
