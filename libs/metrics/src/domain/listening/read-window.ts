import { DomainError } from '@lib/primitives';
import type { EpisodeWindow } from './compare-window.js';
import { LONGEST_EPISODE_MS } from './heard-stretch.js';

/**
 * Reads a window as it is asked for: `600000-630000` is the half minute from 10:00 on, in milliseconds of the episode.
 *
 * @throws DomainError `invalid_window` (400)
 */
export function readWindow(text: string): EpisodeWindow {
  const [, start, end] = /^(\d{1,9})-(\d{1,9})$/.exec(text) ?? [];
  const [startMs, endMs] = [Number(start), Number(end)];
  if (startMs < endMs && endMs <= LONGEST_EPISODE_MS) return { startMs, endMs };
  throw new DomainError(
    'invalid_window',
    400,
    'A window must be two positions in milliseconds, the first smaller and none beyond 24 hours, such as 600000-630000.',
    { field: 'window' },
  );
}
