import { DAY_MS, utcDate } from '@lib/primitives';
import type { BenchTenant } from './bench-tenant.js';

/** Who asks about which days. */
export interface Asking {
  readonly tenant: BenchTenant;
  readonly episodeId: string;
  /** The local day after the last one asked for. */
  readonly to: Date;
}

/** A question of a dashboard. */
export interface NetworkQuestion {
  readonly name: string;
  /** Local days that it asks for. */
  readonly days: number;
  /** After `/v1/metrics/`, without range and zone. */
  readonly ask: string;
  /** Only one episode. */
  readonly ofEpisode?: boolean;
  /**
   * SQL that counts the same numbers one by one, as `value`, over relation `shown`: the downloads of the range, with the
   * columns of `downloads` and `at`, the local time. $1 is the tenant.
   */
  readonly raw: string;
  /** How many of the highest numbers of each level of evidence an answer has. */
  readonly perLevel?: number;
  /** The share by which an estimate may be off. */
  readonly tolerance?: number;
}

const counted = (by: string) => `SELECT evidence, count(*) AS value FROM shown d GROUP BY evidence, ${by}`;

/** Ten questions. A line more is a question more. */
export const NETWORK_QUESTIONS: readonly NetworkQuestion[] = [
  {
    name: '7 days by hour',
    days: 7,
    ask: 'series?metric=downloads&interval=hour',
    raw: counted("date_trunc('hour', at), extract(hour FROM occurred_at)"),
  },
  {
    name: '30 days by day',
    days: 30,
    ask: 'series?metric=downloads&interval=day',
    raw: counted("date_trunc('day', at)"),
  },
  {
    name: '60 days by month',
    days: 60,
    ask: 'series?metric=downloads&interval=month',
    raw: counted("date_trunc('month', at)"),
  },
  {
    name: 'totals, 30 days beside the 30 before',
    days: 30,
    ask: 'query?metric=downloads&compare=previous',
    raw: counted('()'),
  },
  {
    name: 'top 10 episodes, 30 days',
    days: 30,
    ask: 'top-episodes?metric=downloads',
    raw: counted('episode_id'),
    perLevel: 10,
  },
  {
    name: 'one episode, 30 days by day',
    days: 30,
    ask: 'series?metric=downloads&interval=day',
    ofEpisode: true,
    raw: counted("date_trunc('day', at)"),
  },
  { name: 'by app, 30 days', days: 30, ask: 'query?metric=downloads&by=app&limit=1000', raw: counted('app') },
  {
    name: 'by country, 30 days',
    days: 30,
    ask: 'query?metric=downloads&by=country&limit=1000',
    raw: counted('country'),
  },
  {
    name: 'listeners, 28 days',
    days: 28,
    ask: 'audience?',
    raw: 'SELECT evidence, count(DISTINCT audience_a) AS value FROM shown d GROUP BY evidence',
    tolerance: 0.08,
  },
  {
    name: 'back catalogue, 30 days',
    days: 30,
    ask: 'back-catalogue?',
    raw: `SELECT evidence, count(*) AS value FROM shown d JOIN episodes e ON e.tenant_id = $1 AND e.id = d.episode_id
          WHERE d.occurred_at >= e.published_at + interval '720 hours' GROUP BY evidence`,
  },
];

/** The most days that a question looks at, days to compare with included. */
export const LONGEST_LOOK_BACK = 60;

/** The first local day of a question, `YYYY-MM-DD`. */
export function firstDayOf({ days }: NetworkQuestion, { to }: Asking): string {
  return utcDate(new Date(to.getTime() - days * DAY_MS));
}

/** Path and query of a question. */
export function pathOf(question: NetworkQuestion, asking: Asking): string {
  const { tenant, episodeId, to } = asking;
  const range = `from=${firstDayOf(question, asking)}&to=${utcDate(to)}&timeZone=${encodeURIComponent(tenant.timeZone)}`;
  return `/v1/metrics/${question.ask}&${range}${question.ofEpisode === true ? `&episodeId=${episodeId}` : ''}`.replace(
    '?&',
    '?',
  );
}
