import { DAY_MS, utcDate } from '@lib/primitives';

/** The two audience series are half a period apart, so that every range of half a period lies whole in one period. */
export const AUDIENCE_SERIES = ['audience_a', 'audience_b'] as const;
export type AudienceSeries = (typeof AUDIENCE_SERIES)[number];

/**
 * The audience-key period that holds a UTC day.
 * @param periodDays length of a period; the second series starts half of it later
 * @returns first day of the period and the first instant after it
 */
export function audiencePeriod(
  series: AudienceSeries,
  at: Date,
  periodDays: number,
): { period: string; end: Date } {
  const shift = series === 'audience_a' ? 0 : Math.floor(periodDays / 2);
  const day = Math.floor(at.getTime() / DAY_MS);
  const first = Math.floor((day - shift) / periodDays) * periodDays + shift;
  return { period: utcDate(new Date(first * DAY_MS)), end: new Date((first + periodDays) * DAY_MS) };
}
