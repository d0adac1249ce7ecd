import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { audienceParts } from '../../domain/audience/audience-parts.js';
import { REQUEST_EVIDENCE } from '../../domain/audience/request-evidence.js';
import { localBuckets } from '../../domain/local-buckets.js';
import { previousRange } from '../../domain/previous-range.js';
import { dimensionsOf } from '../../domain/query/metrics-query.js';
import { listenersAlone, listenersNotApart, tooManyAudiences } from '../../domain/query/query.errors.js';
import type { CountedRange } from '../../domain/read-range.js';
import type { AudienceSet, Show } from '../../infrastructure/audience/audience-sets.js';
import { audienceGroups, type AudienceGroup } from '../../infrastructure/query/audience-groups.sql.js';
import { episodesOfPodcasts } from '../../infrastructure/query/episodes-of-podcasts.sql.js';
import type { GroupPosition } from '../../infrastructure/query/query-groups.sql.js';
import { AudienceReader, type ReadAudience } from '../audience/audience-reader.js';
import { listenerLevel } from '../audience/listener-level.js';
import { listenersOf, type Listeners } from '../audience/listeners-of.js';
import { changeRatio } from '../totals.service.js';
import {
  labelsOf,
  whatIsAsked,
  type MetricsQuery,
  type MetricsQueryAnswer,
  type QueryRow,
} from './metrics-query.service.js';
import { QueryCursors } from './query-cursors.js';

/** Groups by levels, buckets and ranges. */
export const MAX_AUDIENCES = 2_000;

const NO_GROUP = { podcastId: null, podcastTitle: null, episodeId: null, episodeTitle: null };

/** The grammar of questions, asked about listeners: each number is the union of what it is about, never a sum. */
@Injectable()
export class ListenersQueryService {
  constructor(
    private readonly db: TenantDb,
    private readonly reader: AudienceReader,
    private readonly cursors: QueryCursors,
  ) {}

  /**
   * Rows by level of evidence and up to two of podcast and episode, in the order of `MetricsQueryService.answer`; a number
   * of which only bounds are known is ordered by the lower one. App, device and country are filters only.
   *
   * @param query `metrics` are those asked for besides
   * @throws DomainError `listeners_alone`, `listeners_not_apart`, `too_many_audiences`, `invalid_cursor`, `query_too_expensive` and what
   * `AudienceReader` throws
   */
  async answer(query: MetricsQuery): Promise<MetricsQueryAnswer> {
    if (query.metrics.length > 0) throw listenersAlone();
    refuseNotApart(query);
    const { tenantId } = this.db.current;
    const question = whatIsAsked(query);
    const after =
      query.cursor === undefined ? undefined : this.cursors.read(tenantId, question, query.cursor);
    const asked = await this.reader.read({ from: query.from, to: query.to, timeZone: query.timeZone });
    const { zone, range } = asked.read;
    const previous = query.compare ? previousRange(zone, range) : null;
    const counted = { ...range, from: previous?.from ?? range.from };
    const { frame } = await this.reader.prepare(asked, { from: query.from, to: query.to }, counted);
    const starts =
      query.interval && localBuckets(zone, query.interval, range.from, range.to, MAX_AUDIENCES + 1);
    const groups = await this.groupsOf(query, counted);
    const rows = await this.measure(query, asked, groups, { buckets: starts ?? [], previous });
    const ordered = rows
      .map((row) => ({ row, position: positionOf(row, query) }))
      .sort((a, b) => comparePositions(a.position, b.position))
      .filter(({ position }) => after === undefined || comparePositions(position, after) > 0);
    const last = ordered.length > query.limit ? ordered[query.limit - 1] : undefined;
    return {
      ...frame,
      interval: query.interval ?? null,
      by: query.by,
      previous: previous && { from: new Date(previous.from), to: new Date(previous.to) },
      buckets: starts === undefined ? null : labelsOf(asked.read, starts),
      rows: ordered.slice(0, query.limit).map(({ row }) => row),
      next: last === undefined ? null : this.cursors.write(tenantId, question, last.position),
    };
  }

  private async measure(
    query: MetricsQuery,
    { read: { range }, keys }: ReadAudience,
    groups: readonly AudienceGroup[],
    { buckets, previous }: { buckets: readonly number[]; previous: CountedRange | null },
  ): Promise<QueryRow[]> {
    const spans = [range, ...buckets.map((from, n) => ({ from, to: buckets[n + 1] ?? range.to }))];
    if (previous !== null) spans.push(previous);
    if (groups.length * spans.length > MAX_AUDIENCES) throw tooManyAudiences(MAX_AUDIENCES);
    const showsOf = await this.showsOf(query, groups);
    const plans = groups.map((group) => {
      const shows = showsOf(group);
      const setsOf = (span: CountedRange): AudienceSet[] =>
        audienceParts(span, keys, group.evidence).map((part) => ({ evidence: group.evidence, part, shows }));
      return { group, sets: spans.map(setsOf) };
    });
    const { app = null, device = null, country = null } = query;
    const filter = { apps: app, devices: device, countries: country };
    const unions = await this.reader.measure(
      plans.flatMap(({ sets }) => sets.flat()),
      filter,
    );
    return plans
      .map(({ group, sets }) => {
        const [whole = listenersOf([], unions), ...rest] = sets.map((each) => listenersOf(each, unions));
        const before = previous === null ? null : rest.pop();
        return rowOf(group, whole, before ?? null, query.interval === undefined ? null : rest);
      })
      .filter(({ listeners, previousListeners }) => {
        const sizes = [listeners, previousListeners];
        return query.by.length === 0 || sizes.some((size) => (size?.upper ?? 0) > 0);
      });
  }

  /** Every show asked for that may have listeners; of one number alone every level, listeners or not. */
  private async groupsOf(query: MetricsQuery, counted: CountedRange): Promise<AudienceGroup[]> {
    const { sql, tenantId } = this.db.current;
    if (query.by.length > 0) return audienceGroups(sql, tenantId, query, counted);
    return REQUEST_EVIDENCE.filter((level) => query.evidence?.includes(level) ?? true).map((evidence) => ({
      ...NO_GROUP,
      evidence,
    }));
  }

  /** The shows of a group, within those that the question names. */
  private async showsOf(
    { podcastIds, episodeIds }: MetricsQuery,
    groups: readonly AudienceGroup[],
  ): Promise<(group: AudienceGroup) => Show[]> {
    const { sql, tenantId } = this.db.current;
    const named = episodeIds ?? groups.flatMap(({ episodeId }) => episodeId ?? []);
    const episodes = await episodesOfPodcasts(sql, tenantId, [...new Set(named)]);
    return ({ podcastId, episodeId }) => {
      const podcasts = podcastId === null ? podcastIds : [podcastId];
      if (episodeId === null && episodeIds === undefined)
        return (podcasts ?? [null]).map((id) => ({ podcastId: id, episodeId: null }));
      return episodes.filter(
        (episode) =>
          (episodeId === null || episode.episodeId === episodeId) &&
          (podcasts === undefined || podcasts.includes(episode.podcastId)),
      );
    };
  }
}

/** @throws DomainError `listeners_not_apart` */
function refuseNotApart({ by, interval }: MetricsQuery): void {
  if (dimensionsOf({ by }).length > 0)
    throw listenersNotApart('by', 'name one app, device or country at a time, as a filter');
  if (interval === 'hour') throw listenersNotApart('interval', 'ask by day, week or month');
}

function rowOf(
  { evidence, ...names }: AudienceGroup,
  listeners: Listeners,
  previousListeners: Listeners | null,
  byBucket: Listeners[] | null,
): QueryRow {
  const [value, previousValue] = [listeners.listeners, previousListeners?.listeners ?? null];
  return {
    ...listenerLevel(evidence),
    group: Object.fromEntries(Object.entries(names).filter(([, name]) => name !== null)),
    value,
    previousValue,
    change: value === null ? null : changeRatio(value, previousValue),
    values: byBucket && byBucket.map((bucket) => bucket.listeners),
    listeners,
    previousListeners,
    listenersByBucket: byBucket,
  };
}

function positionOf(
  { evidence, group, listeners }: QueryRow,
  { by, order }: Pick<MetricsQuery, 'by' | 'order'>,
): GroupPosition {
  const [first, second] = by.map((grouping) =>
    grouping === 'podcast'
      ? { name: group.podcastTitle ?? '', key: group.podcastId ?? '' }
      : { name: group.episodeTitle ?? '', key: group.episodeId ?? '' },
  );
  return {
    level: evidence === 'origin_bytes' ? 1 : 2,
    rank: String(order === 'value' ? -(listeners?.listeners ?? listeners?.lower ?? 0) : 0),
    name1: first?.name ?? '',
    name2: second?.name ?? '',
    key1: first?.key ?? '',
    key2: second?.key ?? '',
  };
}

/** The order of `queryGroups`: texts by code point. */
function comparePositions(a: GroupPosition, b: GroupPosition): number {
  const texts = ['name1', 'name2', 'key1', 'key2'] as const;
  return (
    a.level - b.level ||
    Number(a.rank) - Number(b.rank) ||
    texts.reduce((order, field) => order || Buffer.compare(Buffer.from(a[field]), Buffer.from(b[field])), 0)
  );
}
