import { DAY_MS } from '@lib/primitives';
import type { DownloadWindow } from './counting-rules.js';
import { utcDay } from './utc-day.js';

/** A window by its requests: when the first and the latest came. UTC milliseconds. */
export interface Touches {
  readonly firstTouchMs: number;
  readonly lastTouchMs: number;
}

/**
 * Whether a request belongs to a window or opens the next (PTMG v2.3 §5.5.1, IAB-03, IAB-04). Windows are half-open: a
 * request exactly 24 hours later is outside. Only requests that pass the filters are asked about.
 * @param atMs time of the request, not before the window's latest
 */
export function joinsWindow(window: DownloadWindow, touches: Touches, atMs: number): boolean {
  switch (window) {
    case 'calendar_day':
      return utcDay(atMs) === utcDay(touches.firstTouchMs);
    case 'first_touch':
      return atMs < touches.firstTouchMs + DAY_MS;
    case 'last_touch':
      return atMs < touches.lastTouchMs + DAY_MS;
  }
}
