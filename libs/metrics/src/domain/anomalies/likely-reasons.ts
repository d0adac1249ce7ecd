import { medianOf } from '../releases/quantile-of.js';
import { FEWEST_DOWNLOADS, type Judgement } from './judge-level.js';

/** What may lie behind an anomaly, the most telling first. */
export const REASONS = [
  'recount_applied',
  'missing_log_file',
  'new_bot',
  'feed_change',
  'new_release',
  'no_release',
  'unknown',
] as const;
export type Reason = (typeof REASONS)[number];

/** A reason that the facts support, and what speaks for it. Names no listener. */
export interface LikelyReason {
  readonly reason: Reason;
  readonly detail: Readonly<Record<string, string | number | null>>;
}

/** Downloads by who made them: on the day, and on days that it is compared with. */
export interface SourceCounts {
  readonly source: string;
  readonly actual: number;
  readonly before: readonly number[];
}

/** What is known about a podcast around a day. */
export interface DayFacts {
  /** Changes of the feed in the three days before, and on the day. */
  readonly feedChanges: readonly { kind: string; happenedAt: string }[];
  /** An applied recount after which the day and those that it is compared with are shown under different rules. */
  readonly recountId: string | null;
  /** The same podcast at the other level, where that can be judged. */
  readonly otherLevel: Judgement | undefined;
  /** Whether log files were imported for the day, and for how many of the seven days before it. */
  readonly imported: { day: boolean; weekBefore: number };
  /** By app, and by network where requests are kept; empty where that was not looked at. */
  readonly apps: readonly SourceCounts[];
  readonly networks: readonly SourceCounts[];
  /** Episodes published on the day or the day before, and as many days around each of the same weekdays before. */
  readonly published: { actual: number; before: readonly number[] };
}

/** One app or network has to explain so much of what came on top. */
const MOST_OF_EXCESS = 0.6;
/** And to have gained on the others: its share has to be so many times what it was. */
const SHARE_GROWTH = 2;
/** A level with less than this part of what is expected of it has gone. */
const GONE = 0.1;
/** One with at least this part goes on. */
const GOES_ON = 0.5;
/** So many imported days of seven make it a habit. */
const HABITUAL_DAYS = 4;

/** Every reason that the facts support, the most telling first; `unknown` alone where there is none. */
export function likelyReasons(judgement: Judgement, facts: DayFacts): LikelyReason[] {
  const above = judgement.direction === 'above';
  const reasons = [
    recountOf(facts),
    above ? undefined : missingLog(judgement, facts),
    above ? botAmong(judgement, 'app', facts.apps) : undefined,
    above ? botAmong(judgement, 'network', facts.networks) : undefined,
    feedChange(facts),
    cadence(above, facts),
  ].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? [{ reason: 'unknown', detail: {} }] : reasons;
}

function recountOf({ recountId }: DayFacts): LikelyReason | undefined {
  return recountId === null ? undefined : { reason: 'recount_applied', detail: { recountId } };
}

function missingLog(
  { expected, actual }: Judgement,
  { otherLevel, imported }: DayFacts,
): LikelyReason | undefined {
  if (actual > GONE * expected) return undefined;
  if (!imported.day && imported.weekBefore >= HABITUAL_DAYS)
    return { reason: 'missing_log_file', detail: { importedDaysOfWeekBefore: imported.weekBefore } };
  const goesOn =
    otherLevel !== undefined &&
    otherLevel.expected >= FEWEST_DOWNLOADS &&
    otherLevel.actual >= GOES_ON * otherLevel.expected;
  if (!goesOn) return undefined;
  return { reason: 'missing_log_file', detail: { otherLevelActual: otherLevel.actual } };
}

function botAmong(
  { expected, actual }: Judgement,
  kind: 'app' | 'network',
  sources: readonly SourceCounts[],
): LikelyReason | undefined {
  const excess = actual - expected;
  const usual = sources.map(({ before, ...source }) => ({
    ...source,
    usual: before.length > 0 ? medianOf(before) : 0,
  }));
  const [all, allUsual] = [sum(usual, (source) => source.actual), sum(usual, (source) => source.usual)];
  // Nothing to compare with, as where requests of those days are no longer kept.
  if (allUsual === 0) return undefined;
  const bot = usual.find((source) => {
    const grew = source.actual / all >= SHARE_GROWTH * (source.usual / allUsual);
    return source.actual - source.usual >= MOST_OF_EXCESS * excess && grew;
  });
  if (bot === undefined) return undefined;
  return { reason: 'new_bot', detail: { [kind]: bot.source, downloads: bot.actual, usual: bot.usual } };
}

function feedChange({ feedChanges: [change] }: DayFacts): LikelyReason | undefined {
  return change && { reason: 'feed_change', detail: { ...change } };
}

function cadence(above: boolean, { published: { actual, before } }: DayFacts): LikelyReason | undefined {
  const usual = before.length === 0 ? 0 : medianOf(before);
  const detail = { published: actual, usual };
  if (above) return actual > usual ? { reason: 'new_release', detail } : undefined;
  return actual < usual ? { reason: 'no_release', detail } : undefined;
}

function sum<Item>(items: readonly Item[], valueOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
