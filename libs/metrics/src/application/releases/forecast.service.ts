import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS } from '@lib/primitives';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { metricLevels, type Evidence, type MetricLevel } from '../../domain/event-metrics.js';
import { episodeNotFound } from '../../domain/metrics.errors.js';
import { forecastRelease, type Forecast, type ForecastDays } from '../../domain/releases/forecast-release.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import { HORIZONS, MOST_PEERS, quarterStart } from '../../domain/releases/release-age.js';
import { sumEpisodeStretches } from '../../infrastructure/releases/episode-stretches.sql.js';
import { horizonTotals } from '../../infrastructure/releases/horizon-totals.sql.js';
import { releaseHistory, type HistoryRow } from '../../infrastructure/releases/release-history.sql.js';
import { findReleases } from '../../infrastructure/releases/release-list.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { CurveFrame } from './curve-frame.js';

/** What is expected of an episode at one evidence level. */
export interface ForecastLevel extends MetricLevel {
  /** Within the horizon, up to `asOf`. */
  soFar: number;
  /** `complete` once the horizon has passed: then `soFar` is the number, and nothing is foretold. */
  forecast: Forecast | { status: 'complete' };
}

export interface ForecastAnswer extends AnswerFrame {
  episodeId: string;
  podcastId: string;
  publishedAt: Date | null;
  days: ForecastDays;
  levels: ForecastLevel[];
}

/** Downloads within some time since publication, of one episode at one level. */
type Reached = (episodeId: string, evidence: Evidence) => number;

/** What an episode is going to reach. */
@Injectable()
export class ForecastService {
  constructor(
    private readonly db: TenantDb,
    private readonly frames: CurveFrame,
  ) {}

  /**
   * Expected downloads of an episode at a horizon, from the last 50 earlier episodes of its show, or fewer, whose own
   * horizon has passed. An episode without a date of publication, or with one to come, is compared with all of them.
   *
   * @throws DomainError `episode_not_found` (404)
   */
  async answer(episodeId: string, days: ForecastDays, now = Date.now()): Promise<ForecastAnswer> {
    const { sql, tenantId } = this.db.current;
    const [episode] = await findReleases(sql, tenantId, [episodeId]);
    if (episode === undefined) throw episodeNotFound();
    const start = episode.publishedAt === null ? null : quarterStart(episode.publishedAt.getTime());
    const earlier = await this.peersOf(episode, Math.min(start ?? now, now), days, now);
    const { frame, kept } = await this.frames.since(
      { podcastId: episode.podcastId, episodeId: episode.id },
      now,
      start === null || start > now ? [] : [start],
      earlier.map(({ startedAt }) => startedAt.getTime()),
    );
    // Of others the hours of their first day are gone.
    const peers = earlier.filter(({ startedAt }) => startedAt.getTime() >= (kept.slice ?? -Infinity));
    const counted = quarterStart(Math.min(frame.asOf?.getTime() ?? now, now));
    const ageMs = start === null || start > now ? null : Math.max(0, counted - start);
    const horizonMs = days * DAY_MS;
    const complete = ageMs !== null && ageMs >= horizonMs;
    const own = { id: episode.id, startedAt: new Date(start ?? now) };
    // A curve outlives the rollups that it was summed from.
    const reached = complete
      ? await this.completed(episode.id, days)
      : await this.reachedBy([own, ...peers], ageMs ?? 0, kept);
    const totals = await this.reachedBy(complete ? [] : peers, horizonMs, kept);
    const levels = metricLevels(['downloads']).map((level) => {
      const soFar = reached(episode.id, level.evidence);
      if (complete) return { ...level, soFar, forecast: { status: 'complete' as const } };
      const past = peers.map(({ id }) => ({
        reached: reached(id, level.evidence),
        total: totals(id, level.evidence),
      }));
      return { ...level, soFar, forecast: forecastRelease({ ageMs, soFar }, past) };
    });
    const { id, podcastId, publishedAt } = episode;
    return { ...frame, episodeId: id, podcastId, publishedAt, days, levels };
  }

  private async peersOf(
    { id: own, podcastId }: { id: string; podcastId: string },
    before: number,
    days: ForecastDays,
    now: number,
  ): Promise<HistoryRow[]> {
    const { sql, tenantId } = this.db.current;
    const passed = now - days * DAY_MS;
    const newest = new Date(before);
    const asked = { podcastId, newest, oldest: newest, passedBefore: new Date(passed) };
    const history = await releaseHistory(sql, tenantId, [asked]);
    return history
      .filter(
        ({ id, startedAt }) => id !== own && startedAt.getTime() < before && startedAt.getTime() <= passed,
      )
      .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())
      .slice(0, MOST_PEERS);
  }

  private async completed(episodeId: string, days: ForecastDays): Promise<Reached> {
    const { sql, tenantId } = this.db.current;
    const rows = await horizonTotals(sql, tenantId, [episodeId]);
    return (_, evidence) =>
      rows.find((row) => row.evidence === evidence)?.totals[HORIZONS.indexOf(days)] ?? 0;
  }

  private async reachedBy(
    episodes: readonly Pick<HistoryRow, 'id' | 'startedAt'>[],
    ageMs: number,
    kept: KeptRollups,
  ): Promise<Reached> {
    const stretches = episodes.flatMap(({ id, startedAt }) => {
      const start = startedAt.getTime();
      const cover = ageMs === 0 ? [] : coverWithGrains([start], start + ageMs, kept);
      return cover.map((stretch) => ({ episodeId: id, ...stretch }));
    });
    const { sql, tenantId } = this.db.current;
    const sums = await sumEpisodeStretches(sql, tenantId, stretches, [0]);
    return (episodeId, evidence) =>
      sums.find((sum) => sum.episodeId === episodeId && sum.evidence === evidence)?.downloads ?? 0;
  }
}
