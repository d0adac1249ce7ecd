import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DAY_MS } from '@lib/primitives';
import { evidenceOf, metricLevels, type Evidence, type MetricLevel } from '../../domain/event-metrics.js';
import { groupBy } from '../../domain/releases/group-by.js';
import { benchmarkRelease, type Benchmark, type Release } from '../../domain/releases/benchmark-release.js';
import { HORIZONS } from '../../domain/releases/release-age.js';
import { lastStartGone } from '../../domain/releases/release-kept.js';
import { horizonTotals, type HorizonTotals } from '../../infrastructure/releases/horizon-totals.sql.js';
import { releaseHistory, type HistoryRow } from '../../infrastructure/releases/release-history.sql.js';
import { listReleases, type ReleaseRow } from '../../infrastructure/releases/release-list.sql.js';
import type { AnswerFrame } from '../question-reader.js';
import { CurveFrame } from './curve-frame.js';

export interface ReleasesQuestion extends PageRequest {
  podcastId?: string | undefined;
}

/** The downloads of a release at one evidence level. */
export interface ReleaseLevel extends MetricLevel {
  /** Within 366 days since publication. */
  soFar: number;
  horizons: Benchmark[];
}

export interface ReleasesAnswer extends AnswerFrame, Page<object> {
  /** Releases that began then or before are left out: nothing that was stored of them is kept. Null: all are there. */
  goneUntil: Date | null;
  items: (Omit<ReleaseRow, 'id'> & { episodeId: string; levels: ReleaseLevel[] })[];
}

const LAST_HORIZON = Math.max(...HORIZONS);

/** Episodes beside each other at the same age. */
@Injectable()
export class ReleasesService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    private readonly frames: CurveFrame,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * A page of the episodes that have been published, the last one first: downloads at each horizon, and where they stand
   * among the show's earlier episodes. A level at which neither the episode nor an earlier one had downloads is left out.
   *
   * @throws DomainError `podcast_not_found` (404), `invalid_cursor` (400)
   */
  async answer(question: ReleasesQuestion, now = Date.now()): Promise<ReleasesAnswer> {
    const { sql, tenantId } = this.db.current;
    const { podcastId = null } = question;
    const list = `releases ${podcastId?.toLowerCase() ?? 'all'}`;
    const page = await readPage(this.cursors, tenantId, list, question, (limit, after) =>
      listReleases(sql, tenantId, podcastId, limit, after),
    );
    const history = await this.historyOf(page.items, now);
    const starts = page.items.map(({ startedAt }) => startedAt.getTime());
    const compared = history.map(({ startedAt }) => startedAt.getTime());
    const { frame, kept } = await this.frames.since({ podcastId, episodeId: null }, now, starts, compared);
    const totals = await this.totalsOf(page.items, history);
    const items = page.items.map(({ id, ...row }) => {
      const ofShow = history.filter((each) => each.podcastId === row.podcastId);
      return { episodeId: id, ...row, levels: levelsOf({ id, ...row }, ofShow, totals, now) };
    });
    const gone = lastStartGone(kept.month);
    return { ...frame, goneUntil: gone === null ? null : new Date(gone), items, next: page.next };
  }

  private historyOf(releases: readonly ReleaseRow[], now: number): Promise<HistoryRow[]> {
    const shows = groupBy(releases, ({ podcastId }) => podcastId);
    const passedBefore = new Date(now - LAST_HORIZON * DAY_MS);
    const asked = [...shows].map(([podcastId, ofShow]) => {
      const dates = ofShow.map(({ publishedAt }) => publishedAt.getTime());
      return {
        podcastId,
        newest: new Date(Math.max(...dates)),
        oldest: new Date(Math.min(...dates)),
        passedBefore,
      };
    });
    return releaseHistory(this.db.current.sql, this.db.current.tenantId, asked);
  }

  private async totalsOf(
    releases: readonly ReleaseRow[],
    history: readonly HistoryRow[],
  ): Promise<Map<string, HorizonTotals>> {
    const { sql, tenantId } = this.db.current;
    const ids = new Set([...releases, ...history].map(({ id }) => id));
    const rows = await horizonTotals(sql, tenantId, [...ids]);
    return new Map(rows.map((row) => [keyOf(row.episodeId, row.evidence), row]));
  }
}

function levelsOf(
  release: ReleaseRow,
  history: readonly HistoryRow[],
  totals: ReadonlyMap<string, HorizonTotals>,
  now: number,
): ReleaseLevel[] {
  return evidenceOf('downloads').flatMap((evidence) => {
    const toRelease = ({ id, startedAt }: Pick<ReleaseRow, 'id' | 'startedAt'>): Release => ({
      id,
      start: startedAt.getTime(),
      totals: totals.get(keyOf(id, evidence))?.totals ?? [],
    });
    const observed = [release, ...history].some(({ id }) => totals.has(keyOf(id, evidence)));
    const [level] = metricLevels(['downloads'], evidence);
    if (!observed || level === undefined) return [];
    const soFar = totals.get(keyOf(release.id, evidence))?.soFar ?? 0;
    return [{ ...level, soFar, horizons: benchmarkRelease(toRelease(release), history.map(toRelease), now) }];
  });
}

function keyOf(episodeId: string, evidence: Evidence): string {
  return `${episodeId} ${evidence}`;
}
