import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS } from '@lib/primitives';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { metricLevels, type Evidence, type MetricLevel } from '../../domain/event-metrics.js';
import { episodeNotFound } from '../../domain/metrics.errors.js';
import {
  FEWEST_EPISODES,
  forecastRelease,
  type Forecast,
  type ForecastDays,
} from '../../domain/releases/forecast-release.js';
import { releaseNotKept } from '../../domain/releases/release.errors.js';
import { lastStartGone, releaseKept } from '../../domain/releases/release-kept.js';
import type { KeptRollups } from '../../domain/retention/kept-rollups.js';
import { HORIZONS, MOST_PEERS, quarterStart } from '../../domain/releases/release-age.js';
import { curveCells } from '../../infrastructure/releases/curve-cells.sql.js';
import { sumEpisodeStretches } from '../../infrastructure/releases/episode-stretches.sql.js';
import { horizonTotals } from '../../infrastructure/releases/horizon-totals.sql.js';
import { releaseHistory, type HistoryRow } from '../../infrastructure/releases/release-history.sql.js';
import { findReleases } from '../../infrastructure/releases/release-list.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { ORIGIN } from '../serving/answer-origin.js';
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

type StartedRelease = Pick<HistoryRow, 'id' | 'startedAt'>;
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
   * @throws DomainError `episode_not_found` (404), `release_not_kept` (400) where retention has removed its totals
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
    if (!releaseKept(start ?? now, kept.month))
      throw releaseNotKept(lastStartGone(kept.month) ?? now, 'totals');
    const hasSlices = ({ startedAt }: { startedAt: Date }) =>
      startedAt.getTime() >= (kept.slice ?? -Infinity);
    const counted = quarterStart(Math.min(frame.asOf?.getTime() ?? now, now));
    const ageMs = start === null || start > now ? null : Math.max(0, counted - start);
    const horizonMs = days * DAY_MS;
    const complete = ageMs !== null && ageMs >= horizonMs;
    const own = { id: episode.id, startedAt: new Date(start ?? now) };
    // Of others the hours of their first day are gone: where that leaves too few, ages are told by whole days.
    const withSlices = earlier.filter(hasSlices);
    const byDay =
      !hasSlices(own) || (withSlices.length < earlier.length && withSlices.length < FEWEST_EPISODES);
    const withCurves = earlier.filter(({ startedAt }) => releaseKept(startedAt.getTime(), kept.day));
    const peers = complete ? [] : byDay ? withCurves : withSlices;
    const comparedMs = byDay && ageMs !== null ? floorAge(ageMs) : ageMs;
    // A curve outlives the rollups that it was summed from.
    const soFarOf = complete
      ? await this.completed([episode.id], days)
      : await this.reachedSoFar(own, ageMs ?? 0, kept);
    const reached = complete ? soFarOf : await this.reachedBy([own, ...peers], comparedMs ?? 0, byDay, kept);
    const totals = byDay
      ? await this.completed(
          peers.map(({ id }) => id),
          days,
        )
      : await this.reachedBy(peers, horizonMs, byDay, kept);
    const levels = metricLevels(['downloads']).map((level) => {
      const soFar = soFarOf(episode.id, level.evidence);
      if (complete) return { ...level, soFar, forecast: { status: 'complete' as const } };
      const past = peers.map(({ id }) => ({
        reached: reached(id, level.evidence),
        total: totals(id, level.evidence),
      }));
      const running = { ageMs: comparedMs, soFar: reached(episode.id, level.evidence) };
      return { ...level, soFar, forecast: forecastRelease(running, past) };
    });
    const { id, podcastId, publishedAt } = episode;
    // Counted up to an earlier quarter than the running one: it grows with asOf, whether a number changes or not.
    const { [ORIGIN]: _, ...unkept } = frame;
    const isCurrent = frame.asOf !== null && counted === quarterStart(now);
    return { ...(isCurrent ? frame : unkept), episodeId: id, podcastId, publishedAt, days, levels };
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

  /** Up to the horizon, of releases whose horizon has passed. */
  private async completed(episodeIds: readonly string[], days: number): Promise<Reached> {
    const { sql, tenantId } = this.db.current;
    const rows = await horizonTotals(sql, tenantId, episodeIds);
    const horizon = HORIZONS.findIndex((each) => each === days);
    return (episodeId, evidence) =>
      rows.find((row) => row.episodeId === episodeId && row.evidence === evidence)?.totals[horizon] ?? 0;
  }

  /** Of a running release: whole days of age from its curve once slices of its first are gone, the rest from rollups. */
  private async reachedSoFar(own: StartedRelease, ageMs: number, kept: KeptRollups): Promise<Reached> {
    if (own.startedAt.getTime() >= (kept.slice ?? -Infinity))
      return this.reachedBy([own], ageMs, false, kept);
    const wholeMs = floorAge(ageMs);
    const whole = await this.reachedBy([own], wholeMs, true, kept);
    const running = { id: own.id, startedAt: new Date(own.startedAt.getTime() + wholeMs) };
    const rest = await this.reachedBy([running], ageMs - wholeMs, false, kept);
    return (episodeId, evidence) => whole(episodeId, evidence) + rest(episodeId, evidence);
  }

  /** @param byDay from curves: `ageMs` is of whole days */
  private async reachedBy(
    releases: readonly StartedRelease[],
    ageMs: number,
    byDay: boolean,
    kept: KeptRollups,
  ): Promise<Reached> {
    const { sql, tenantId } = this.db.current;
    if (byDay) {
      const ids = releases.map(({ id }) => id);
      const cells = await curveCells(sql, tenantId, ids, ageMs / DAY_MS);
      return (episodeId, evidence) =>
        cells
          .find((cell) => cell.episodeId === episodeId && cell.evidence === evidence)
          ?.downloads.reduce((sum, downloads) => sum + downloads, 0) ?? 0;
    }
    const stretches = releases.flatMap(({ id, startedAt }) => {
      const start = startedAt.getTime();
      const cover = ageMs === 0 ? [] : coverWithGrains([start], start + ageMs, kept);
      return cover.map((stretch) => ({ episodeId: id, ...stretch }));
    });
    const sums = await sumEpisodeStretches(sql, tenantId, stretches, [0]);
    return (episodeId, evidence) =>
      sums.find((sum) => sum.episodeId === episodeId && sum.evidence === evidence)?.downloads ?? 0;
  }
}

/** An age in whole days of 24 hours, in milliseconds. */
function floorAge(ageMs: number): number {
  return ageMs - (ageMs % DAY_MS);
}
