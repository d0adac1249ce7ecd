import type { Sql } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { downloadHorizon } from '@lib/time-series';
import { daysBefore } from '../../domain/anomalies/days-to-compare.js';
import { likelyReasons, type DayFacts, type SourceCounts } from '../../domain/anomalies/likely-reasons.js';
import { groupBy } from '../../domain/releases/group-by.js';
import type { Anomaly } from '../../infrastructure/anomalies/alerts.sql.js';
import { dividingRecount } from '../../infrastructure/anomalies/dividing-recount.sql.js';
import {
  downloadApps,
  downloadNetworks,
  type DownloadSource,
} from '../../infrastructure/anomalies/download-sources.sql.js';
import { feedChanges } from '../../infrastructure/anomalies/feed-changes.sql.js';
import { importedDays } from '../../infrastructure/anomalies/imported-days.sql.js';
import { publishedAround } from '../../infrastructure/anomalies/published-around.sql.js';
import type { JudgedDay, JudgedLevel } from './judge-day.js';

/** Sources of downloads are compared with the same weekday of so many weeks. */
const SOURCE_WEEKS = 3;
/** Where a day and those before have more downloads, their sources are not looked at: that reads them row by row. */
const MOST_DOWNLOADS = 300_000;
const FEED_CHANGE_MS = 3 * DAY_MS;

/** Finds, for what is remarkable on a UTC day, the reasons that the facts around it support. */
export async function explainAnomalies(
  sql: Sql,
  tenantId: TenantId,
  day: number,
  hours: number,
  judged: JudgedDay,
): Promise<Anomaly[]> {
  const remarkable = judged.levels.filter(({ judgement }) => judgement.direction !== undefined);
  if (remarkable.length === 0) return [];
  const factsOf = await gatherFacts(sql, tenantId, day, hours, judged, remarkable);
  return remarkable.flatMap((level) => {
    const { podcastId, evidence, judgement } = level;
    const { direction, ...figures } = judgement;
    if (direction === undefined) return [];
    return [
      { podcastId, evidence, direction, ...figures, reasons: likelyReasons(judgement, factsOf(level)) },
    ];
  });
}

async function gatherFacts(
  sql: Sql,
  tenantId: TenantId,
  day: number,
  hours: number,
  judged: JudgedDay,
  remarkable: readonly JudgedLevel[],
): Promise<(level: JudgedLevel) => DayFacts> {
  const podcasts = [...new Set(remarkable.map(({ podcastId }) => podcastId))];
  const before = daysBefore(day);
  const [at, date] = [new Date(day), dateOf(day)];
  const changes = await feedChanges(
    sql,
    tenantId,
    podcasts,
    new Date(day - FEED_CHANGE_MS),
    new Date(day + DAY_MS),
  );
  const recountId = await dividingRecount(sql, tenantId, date, before.map(dateOf));
  const imported = {
    day: (await importedDays(sql, tenantId, date, date)) > 0,
    weekBefore: await importedDays(sql, tenantId, dateOf(day - 7 * DAY_MS), dateOf(day - DAY_MS)),
  };
  const published = await publishedAround(sql, tenantId, podcasts, [
    ...before.map((start) => new Date(start)),
    at,
  ]);
  const rising = remarkable.filter(({ judgement }) => judgement.direction === 'above');
  const sourcesOf = await gatherSources(
    sql,
    tenantId,
    day,
    hours,
    judged.downloads <= MOST_DOWNLOADS ? rising : [],
  );
  return (level) => {
    const { podcastId, evidence } = level;
    const ofPodcast = published.filter((each) => each.podcastId === podcastId);
    return {
      feedChanges: changes
        .filter((change) => change.podcastId === podcastId)
        .map(({ kind, happenedAt }) => ({ kind, happenedAt: happenedAt.toISOString() })),
      recountId,
      otherLevel: judged.levels.find((each) => each.podcastId === podcastId && each.evidence !== evidence)
        ?.judgement,
      imported: evidence === 'origin_bytes' ? imported : { day: true, weekBefore: 0 },
      ...sourcesOf(level),
      published: {
        actual: ofPodcast.find((each) => each.day.getTime() === day)?.episodes ?? 0,
        before: ofPodcast.filter((each) => each.day.getTime() < day).map(({ episodes }) => episodes),
      },
    };
  };
}

/** Days of which retention has removed downloads are left out: what is left of them would look like new sources. */
async function gatherSources(
  sql: Sql,
  tenantId: TenantId,
  day: number,
  hours: number,
  rising: readonly JudgedLevel[],
): Promise<(level: JudgedLevel) => Pick<DayFacts, 'apps' | 'networks'>> {
  const podcasts = [...new Set(rising.map(({ podcastId }) => podcastId))];
  if (podcasts.length === 0) return () => ({ apps: [], networks: [] });
  const keptFrom = (await downloadHorizon(sql, tenantId))?.getTime() ?? -Infinity;
  if (day < keptFrom) return () => ({ apps: [], networks: [] });
  const weeks = daysBefore(day).slice(-SOURCE_WEEKS);
  const days = [...weeks.filter((start) => start >= keptFrom), day].map((start) => new Date(start));
  const apps = await downloadApps(sql, tenantId, podcasts, days, hours);
  const networks = await downloadNetworks(sql, tenantId, podcasts, days, hours);
  return ({ podcastId, evidence }) => {
    const ofLevel = (rows: readonly DownloadSource[]) =>
      rows.filter((row) => row.podcastId === podcastId && row.evidence === evidence);
    return { apps: countsOf(ofLevel(apps), day), networks: countsOf(ofLevel(networks), day) };
  };
}

/** By source; a day on which nothing at all is known is not compared with. */
function countsOf(rows: readonly DownloadSource[], day: number): SourceCounts[] {
  const known = [...new Set(rows.map((row) => row.day.getTime()))].filter((at) => at < day);
  return [...groupBy(rows, ({ source }) => source)].map(([source, some]) => {
    const on = (at: number) => some.find((row) => row.day.getTime() === at)?.downloads ?? 0;
    return { source, actual: on(day), before: known.map(on) };
  });
}

function dateOf(at: number): string {
  return utcDate(new Date(at));
}
