import { DAY_MS, utcDate } from '@lib/primitives';

/** What a dashboard asks: as a request of the API, and as the columns that tell the numbers of its answer apart. */
export interface DashboardQuestion {
  readonly name: string;
  /** Path and query. */
  readonly path: string;
  /** SQL over `listener_events l`, in which `$2` is the first instant of the question: what a number belongs to. */
  readonly key: string;
  readonly metrics: readonly string[];
  /** Of all events that are counted, in UTC. */
  readonly from: Date;
  readonly to: Date;
  readonly podcastId: string | null;
  /** How many of the highest numbers the answer lists. */
  readonly limit: number;
}

const PAIR = ['download_request', 'play'];

/** The questions of a dashboard about the days before `to`, a UTC midnight. They reach back `HISTORY_DAYS`. */
export function dashboardQuestions(to: Date, podcastId: string): DashboardQuestion[] {
  return [
    series('60 days by day', { days: 60, to, interval: 'day', zone: 'UTC' }),
    series('60 days by day, one podcast', { days: 60, to, interval: 'day', zone: 'UTC', podcastId }),
    series('59 days by week, Berlin', { days: 59, to, interval: 'week', zone: 'Europe/Berlin' }),
    series('59 days by day, Kolkata', { days: 59, to, interval: 'day', zone: 'Asia/Kolkata' }),
    series('7 days by hour', { days: 7, to, interval: 'hour', zone: 'UTC' }),
    totals(to),
    topEpisodes(to),
  ];
}

const TOP = 100;
/** Days that the questions reach back. */
export const HISTORY_DAYS = 60;

interface SeriesOf {
  days: number;
  to: Date;
  interval: string;
  zone: string;
  podcastId?: string;
}

function series(name: string, { days, to, interval, zone, podcastId }: SeriesOf): DashboardQuestion {
  const from = new Date(to.getTime() - days * DAY_MS);
  const query = new URLSearchParams({
    from: from.toISOString(),
    to: to.toISOString(),
    interval,
    timeZone: zone,
    ...(podcastId && { podcastId }),
  });
  for (const metric of PAIR) query.append('metric', metric);
  return {
    name,
    path: `/v1/metrics/series?${query.toString()}`,
    key: `greatest(date_trunc('${interval}', l.occurred_at, '${zone}'), $2::timestamptz)::text`,
    metrics: PAIR,
    from,
    to,
    podcastId: podcastId ?? null,
    limit: Infinity,
  };
}

function totals(to: Date): DashboardQuestion {
  const days = HISTORY_DAYS / 2;
  const from = new Date(to.getTime() - days * DAY_MS);
  return {
    name: `totals of ${days} days beside the ${days} before`,
    path: `/v1/metrics/totals?from=${utcDate(from)}&to=${utcDate(to)}&compare=previous`,
    key: `(l.occurred_at >= '${from.toISOString()}')::text`,
    metrics: ['download_request', 'play', 'progress', 'complete'],
    from: new Date(from.getTime() - days * DAY_MS),
    to,
    podcastId: null,
    limit: Infinity,
  };
}

function topEpisodes(to: Date): DashboardQuestion {
  const from = new Date(to.getTime() - HISTORY_DAYS * DAY_MS);
  return {
    name: `top ${TOP} episodes of ${HISTORY_DAYS} days`,
    path: `/v1/metrics/top-episodes?from=${utcDate(from)}&to=${utcDate(to)}&metric=play&limit=${TOP}`,
    key: 'l.episode_id::text',
    metrics: ['play'],
    from,
    to,
    podcastId: null,
    limit: TOP,
  };
}
