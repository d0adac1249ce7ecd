/** One minute, hour and day in milliseconds. Days are UTC days: always 24 hours long. */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Width of the finest rollup, in milliseconds. Divides 15 minutes, hence every time zone offset in use. */
export const SLICE_MS = 5 * MINUTE_MS;

/** The start of the bucket of `widthMs` that holds `at`, counted from the Unix epoch in UTC. */
export function floorTime(at: Date, widthMs: number): Date {
  return new Date(Math.floor(at.getTime() / widthMs) * widthMs);
}

/** The UTC calendar date of `at`, as `YYYY-MM-DD`. */
export function utcDate(at: Date): string {
  return at.toISOString().slice(0, 10);
}
