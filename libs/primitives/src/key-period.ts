import { DAY_MS, utcDate } from './time-range.js';

/** The UTC days that one key serves. */
export interface KeyPeriod {
  /** The first day, `YYYY-MM-DD`. */
  readonly period: string;
  /** The first instant after the last day. */
  readonly end: Date;
}

/** The two audience series are half a period apart, so that every range of half a period lies whole in one period. */
export const AUDIENCE_SERIES = ['audience_a', 'audience_b'] as const;
export type AudienceSeries = (typeof AUDIENCE_SERIES)[number];

const WEEK_DAYS = 7;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY = 4;

/** The period of a key for one UTC day. @param day its first instant */
export function dayPeriod(day: Date): KeyPeriod {
  return periodOf(day, 1, 0);
}

/**
 * The audience-key period that holds a UTC day.
 * @param periodDays length of a period; the second series starts half of it later
 */
export function audiencePeriod(series: AudienceSeries, at: Date, periodDays: number): KeyPeriod {
  return periodOf(at, periodDays, series === 'audience_a' ? 0 : Math.floor(periodDays / 2));
}

/** The ISO week, from Monday on, that holds a UTC day. */
export function weekOf(at: Date): KeyPeriod {
  return periodOf(at, WEEK_DAYS, FIRST_MONDAY);
}

/** @param shift days from 1970-01-01 to the first day of some period */
function periodOf(at: Date, days: number, shift: number): KeyPeriod {
  const day = Math.floor(at.getTime() / DAY_MS);
  const first = Math.floor((day - shift) / days) * days + shift;
  return { period: utcDate(new Date(first * DAY_MS)), end: new Date((first + days) * DAY_MS) };
}
