/** What a player tells, in the order in which one listening can send it. Ads are told apart and hear nothing. */
export const PLAYER_TYPES = ['play', 'pause', 'resume', 'seek', 'progress', 'complete'] as const;
export type PlayerType = (typeof PLAYER_TYPES)[number];

/** An event of one player session and one episode, as far as listening follows from it. */
export interface PlayerEvent {
  readonly id: string;
  readonly type: PlayerType;
  /** UTC milliseconds. */
  readonly at: number;
  /** Position in the episode; of a seek, where it went. */
  readonly positionMs: number | null;
}

/** Content of an episode, `[fromMs, toMs)`. */
export interface HeardStretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Events further apart say nothing about what lies between them. A slice of 5 minutes looks back as far. */
export const MAX_GAP_MS = 300_000;
/** Nobody is believed to listen at more than 3.5 times the normal speed: 7 halves, to stay with whole numbers. */
export const SPEED_HALVES = 7;
/** By how much positions and clocks of a player may disagree before a stretch is taken for a jump. */
export const SLACK_MS = 2_000;
/** Positions from here on are taken for mistakes: no episode is longer than a day. */
export const LONGEST_EPISODE_MS = 86_400_000;

/** After these the player plays. */
export const PLAYING: readonly PlayerType[] = ['play', 'resume', 'progress'];
/** A seek says not whether the player plays; one of these right after it does. */
export const PLAYED_AFTER_SEEK: readonly PlayerType[] = ['progress', 'pause', 'complete'];

/**
 * The content that was heard between two consecutive events of a session, or null. Our own rule; no guideline has one.
 *
 * - The player must have played: the earlier event is a play, a resume or a progress; or a seek that is followed by what
 *   only a playing player sends. After a pause or a complete nothing is heard, whatever comes.
 * - They are at most 5 minutes apart.
 * - Content from the earlier position to the later one is heard, when that is forward and at most 3.5 times the elapsed
 *   time and 2 seconds: otherwise it is a jump. Never more than 3.5 times the elapsed time is credited.
 * - A seek names where it goes, and nobody says where it came from. Until then the player played at normal speed, so
 *   content as long as the elapsed time is credited.
 *
 * `progress 10:00` at 0 s, `progress 10:30` at 30 s: 10:00 to 10:30. The same at 15 s, at double speed: the same. At 5 s:
 * a jump, nothing. `progress 10:00` at 0 s, `seek 11:00` at 12 s, `progress 11:18` at 30 s: 10:00 to 10:12, then 11:00 to
 * 11:18.
 */
export function heardStretch(earlier: PlayerEvent, later: PlayerEvent): HeardStretch | null {
  const elapsedMs = later.at - earlier.at;
  const fromMs = earlier.positionMs;
  if (fromMs === null || elapsedMs > MAX_GAP_MS || !played(earlier.type, later.type)) return null;
  const movedMs = later.type === 'seek' ? elapsedMs : (later.positionMs ?? fromMs) - fromMs;
  const fastestMs = Math.floor((elapsedMs * SPEED_HALVES) / 2);
  if (movedMs > fastestMs + SLACK_MS) return null;
  const toMs = Math.min(fromMs + Math.min(movedMs, fastestMs), LONGEST_EPISODE_MS);
  return toMs > fromMs ? { fromMs, toMs } : null;
}

function played(earlier: PlayerType, later: PlayerType): boolean {
  return PLAYING.includes(earlier) || (earlier === 'seek' && PLAYED_AFTER_SEEK.includes(later));
}
