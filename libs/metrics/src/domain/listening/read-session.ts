import { heardStretch, MAX_GAP_MS, type HeardStretch, type PlayerEvent } from './heard-stretch.js';

/** What follows from one session with one episode. */
export interface Session {
  /** Content that was heard, each stretch with the instant of the event that ended it, which dates it. */
  readonly heard: readonly (HeardStretch & { readonly at: number })[];
  /** When listening began, each with its position; see {@link readSession}. */
  readonly starts: readonly { readonly at: number; readonly positionMs: number }[];
}

/**
 * Reads the events of one session with one episode in the order of time and id, in whatever order they arrived. Repeats
 * change nothing: no time passes between an event and itself.
 *
 * A start is a play with no other event of the session in the 5 minutes before it. So a play that only ends a short pause
 * starts nothing, one after a long break does, and whoever goes on with a resume in a new session hears without a start.
 * Without a position it starts at 0.
 */
export function readSession(events: readonly PlayerEvent[]): Session {
  const ordered = [...events].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const pairs = ordered.map((later, index) => ({ earlier: ordered[index - 1], later }));
  const heard = pairs.flatMap(({ earlier, later }) => {
    const stretch = earlier === undefined ? null : heardStretch(earlier, later);
    return stretch === null ? [] : [{ ...stretch, at: later.at }];
  });
  const starts = pairs
    .filter(({ later }) => later.type === 'play')
    .filter(({ earlier, later }) => earlier === undefined || later.at - earlier.at > MAX_GAP_MS)
    .map(({ later }) => ({ at: later.at, positionMs: later.positionMs ?? 0 }));
  return { heard, starts };
}
