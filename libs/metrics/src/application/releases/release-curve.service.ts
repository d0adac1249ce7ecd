import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { HOUR_MS } from '@lib/primitives';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { evidenceOf, metricLevels, type Evidence, type MetricLevel } from '../../domain/event-metrics.js';
import { episodeNotFound } from '../../domain/metrics.errors.js';
import { cumulativeCurve } from '../../domain/releases/cumulative-curve.js';
import { groupBy } from '../../domain/releases/group-by.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import { releaseNotKept } from '../../domain/releases/release.errors.js';
import { lastStartGone, releaseKept } from '../../domain/releases/release-kept.js';
import { MOST_PEERS, quarterStart, wholeDays } from '../../domain/releases/release-age.js';
import { usualCurve, type UsualPoint } from '../../domain/releases/usual-curve.js';
import { eventSeries, valuesOf } from '../../infrastructure/event-series.sql.js';
import { curveCells, type CurveCells } from '../../infrastructure/releases/curve-cells.sql.js';
import { releaseHistory, type HistoryRow } from '../../infrastructure/releases/release-history.sql.js';
import { findReleases } from '../../infrastructure/releases/release-list.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { CurveFrame } from './curve-frame.js';

type Episode = Awaited<ReturnType<typeof findReleases>>[number];

/** How an episode's downloads add up at one evidence level. */
export interface CurveLevel extends MetricLevel {
  /** Within the days asked for, the running hour and day included. */
  soFar: number;
  /** Within the first hour, two hours and so on: hours that have passed, 168 at most. */
  hourly: number[];
  /** Within the first day of 24 hours, two days and so on: days that have passed. */
  daily: number[];
}

export interface ReleaseCurveAnswer extends AnswerFrame {
  days: number;
  episodes: (Omit<Episode, 'id' | 'startedAt'> & { episodeId: string; levels: CurveLevel[] })[];
  /** What the shows of those episodes are used to, those episodes left out. */
  shows: { podcastId: string; levels: (MetricLevel & { points: UsualPoint[] })[] }[];
}

/** For so long curves are also told by the hour. */
const HOURLY_HOURS = 7 * 24;

/** How the downloads of episodes add up since they were published. */
@Injectable()
export class ReleaseCurveService {
  constructor(
    private readonly db: TenantDb,
    private readonly frames: CurveFrame,
  ) {}

  /**
   * Curves of some episodes, and of their shows: median and quartiles of the last 50 episodes or fewer.
   *
   * @param days up to which age, 366 at most
   * @throws DomainError `episode_not_found` (404), `release_not_kept` (400) where retention has removed a curve
   */
  async answer(episodeIds: readonly string[], days: number, now = Date.now()): Promise<ReleaseCurveAnswer> {
    const { sql, tenantId } = this.db.current;
    const episodes = await findReleases(sql, tenantId, episodeIds);
    if (episodes.length < new Set(episodeIds.map((id) => id.toLowerCase())).size) throw episodeNotFound();
    const earlier = await this.othersOf(episodes, now);
    const { frame, kept } = await this.frames.since(
      { podcastId: null, episodeId: null },
      now,
      startsOf(episodes, now),
      startsOf(earlier, now),
    );
    const gone = episodes.some(({ startedAt }) => !releaseKept(startedAt?.getTime() ?? now, kept.day));
    if (gone) throw releaseNotKept(lastStartGone(kept.day) ?? now, 'curves');
    const others = earlier.filter(({ startedAt }) => releaseKept(startedAt.getTime(), kept.day));
    const ids = [...episodes, ...others].map(({ id }) => id);
    const cells = groupBy(await curveCells(sql, tenantId, ids, days), ({ episodeId }) => episodeId);
    const answered: ReleaseCurveAnswer['episodes'] = [];
    for (const { id, startedAt, ...episode } of episodes) {
      const most = Math.min(days * 24, HOURLY_HOURS);
      const hours = await this.hourly({ id, podcastId: episode.podcastId, startedAt }, most, now, kept);
      const ofEpisode = cells.get(id) ?? [];
      const levels = levelsOf(ofEpisode, startedAt, days, now).map((level) => ({
        ...level,
        hourly: hours(level.evidence),
      }));
      answered.push({ episodeId: id, ...episode, levels });
    }
    const shows = [...groupBy(others, ({ podcastId }) => podcastId)].map(([podcastId, ofShow]) => ({
      podcastId,
      levels: usualLevels(ofShow, cells, days, now),
    }));
    return { ...frame, days, episodes: answered, shows };
  }

  /** The last episodes of the same shows. */
  private async othersOf(episodes: readonly Episode[], now: number): Promise<HistoryRow[]> {
    const at = new Date(now);
    const podcasts = [...new Set(episodes.map(({ podcastId }) => podcastId))];
    const asked = podcasts.map((podcastId) => ({ podcastId, newest: at, oldest: at, passedBefore: at }));
    const history = await releaseHistory(this.db.current.sql, this.db.current.tenantId, asked);
    const own = new Set(episodes.map(({ id }) => id));
    const last = history.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
    const shows = groupBy(
      last.filter(({ id }) => !own.has(id)),
      ({ podcastId }) => podcastId,
    );
    return [...shows.values()].flatMap((ofShow) => ofShow.slice(0, MOST_PEERS));
  }

  /** Cumulative downloads by whole hours since an episode began, for each level; none once slices of then are gone. */
  private async hourly(
    { id, podcastId, startedAt }: { id: string; podcastId: string; startedAt: Date | null },
    most: number,
    now: number,
    kept: KeptRollups,
  ): Promise<(evidence: Evidence) => number[]> {
    const start = startedAt?.getTime() ?? now;
    const hours = Math.min(Math.floor((now - start) / HOUR_MS), most);
    if (hours <= 0 || start < (kept.slice ?? -Infinity)) return () => [];
    const { sql, tenantId } = this.db.current;
    const starts = Array.from({ length: hours }, (_, hour) => start + hour * HOUR_MS);
    const scope = { podcastId, episodeId: id, metrics: ['downloads' as const], evidence: null };
    const stretches = coverWithGrains(starts, start + hours * HOUR_MS, kept);
    const series = await eventSeries(sql, tenantId, starts, stretches, scope);
    return (evidence) => {
      const values = valuesOf(series, { metric: 'downloads', evidence }) ?? [];
      return cumulativeCurve([...values.keys()], values, hours);
    };
  }
}

function levelsOf(
  cells: readonly CurveCells[],
  startedAt: Date | null,
  days: number,
  now: number,
): Omit<CurveLevel, 'hourly'>[] {
  return metricLevels(['downloads']).map((level) => {
    const { ages = [], downloads = [] } = cells.find(({ evidence }) => evidence === level.evidence) ?? {};
    const passed = startedAt === null ? 0 : Math.min(wholeDays(startedAt.getTime(), now), days);
    const soFar = downloads.reduce((sum, count) => sum + count, 0);
    return { ...level, soFar, daily: cumulativeCurve(ages, downloads, passed) };
  });
}

function usualLevels(
  episodes: readonly HistoryRow[],
  cells: ReadonlyMap<string, CurveCells[]>,
  days: number,
  now: number,
): (MetricLevel & { points: UsualPoint[] })[] {
  return evidenceOf('downloads').flatMap((evidence) => {
    const curves = episodes.map(({ id, startedAt }) =>
      levelsOf(cells.get(id) ?? [], startedAt, days, now).find((level) => level.evidence === evidence),
    );
    const points = usualCurve(curves.map((curve) => curve?.daily ?? []));
    return metricLevels(['downloads'], evidence).map((level) => ({ ...level, points }));
  });
}

function startsOf(episodes: readonly { startedAt: Date | null }[], now: number): number[] {
  return episodes.map(({ startedAt }) => Math.min(startedAt?.getTime() ?? now, now)).map(quarterStart);
}
