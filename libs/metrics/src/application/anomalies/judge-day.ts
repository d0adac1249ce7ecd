import type { Sql } from '@lib/database';
import { DAY_MS, HOUR_MS, type TenantId } from '@lib/primitives';
import { daysBefore } from '../../domain/anomalies/days-to-compare.js';
import { judgeLevel, type Judgement } from '../../domain/anomalies/judge-level.js';
import { evidenceOf, type Evidence } from '../../domain/event-metrics.js';
import { groupBy } from '../../domain/releases/group-by.js';
import { firstDays } from '../../infrastructure/anomalies/first-days.sql.js';
import { sumPodcastStretches } from '../../infrastructure/releases/podcast-stretches.sql.js';
import { keptRollups } from '../../infrastructure/retention/kept-rollups.sql.js';

/** A podcast's downloads at one evidence level, beside what is usual. */
export interface JudgedLevel {
  podcastId: string;
  evidence: Evidence;
  judgement: Judgement;
}

/** What a day was compared with, and what came of it. */
export interface JudgedDay {
  levels: JudgedLevel[];
  /** Downloads on the day and on those that it was compared with, of all podcasts. */
  downloads: number;
  /** Whether there were any in the nine weeks before, or on the day. */
  alive: boolean;
}

/** How far back a podcast counts as having begun: the oldest week compared, and a week more. */
const HISTORY_MS = 63 * DAY_MS;

/**
 * Judges the first `hours` hours of a UTC day for every podcast and level that had downloads in the nine weeks before. Weeks
 * before the first of them do not count: a show that has just begun is not unusual. Nor do weeks whose hours retention has
 * removed, where only a part of the day is judged.
 */
export async function judgeDay(sql: Sql, tenantId: TenantId, day: number, hours: number): Promise<JudgedDay> {
  const starts = [...daysBefore(day), day];
  const grain = hours === 24 ? ('day' as const) : ('hour' as const);
  const stretches = starts.map((from) => ({ grain, from, to: from + hours * HOUR_MS }));
  const keptFrom = (await keptRollups(sql, tenantId))[grain] ?? -Infinity;
  const begun = await firstDays(sql, tenantId, new Date(day - HISTORY_MS));
  const sums = await sumPodcastStretches(sql, tenantId, null, stretches, starts);
  const byLevel = groupBy(sums, ({ podcastId, evidence }) => `${podcastId} ${evidence}`);
  const levels = begun.flatMap(({ podcastId, evidence, day: first }) => {
    if (!evidenceOf('downloads').includes(evidence)) return [];
    const ofLevel = byLevel.get(`${podcastId} ${evidence}`) ?? [];
    const downloadsIn = (bucket: number) => ofLevel.find((sum) => sum.bucket === bucket)?.downloads ?? 0;
    const counts = starts.map((start, bucket) => ({ start, downloads: downloadsIn(bucket) }));
    const since = Math.max(first.getTime(), keptFrom);
    const baseline = counts.slice(0, -1).filter(({ start }) => start >= since);
    const judgement = judgeLevel(
      counts.at(-1)?.downloads ?? 0,
      baseline.map(({ downloads }) => downloads),
    );
    return judgement === undefined ? [] : [{ podcastId, evidence, judgement }];
  });
  const downloads = sums.reduce((total, sum) => total + sum.downloads, 0);
  return { levels, downloads, alive: begun.length > 0 };
}
