import type { CountingRules } from './counting-rules.js';
import type { EpisodeSizes } from './download-request.js';

/** What a window must have been served to be a download: enough different bytes, or enough different HLS segments. */
export interface Threshold {
  /** Infinity where the size of the file is unknown: then no number of bytes proves anything. */
  readonly bytes: number;
  /** Bytes before this one do not help. */
  readonly countsFrom: number;
  /** Total length of different segments, in milliseconds. */
  readonly segmentMs: number;
}

/**
 * The threshold of an episode (PTMG v2.3 §5.5.3, IAB-17, IAB-18): header + ⌈(file − header) × 60 / duration⌉ bytes, or
 * the whole file where it is no longer than one minute or a size is missing or impossible. In segments: one minute, or
 * the whole of a shorter episode. Rounded up.
 */
export function threshold(sizes: EpisodeSizes, rules: CountingRules): Threshold {
  const seconds = rules.contentSeconds;
  if (seconds === null) return { bytes: 1, countsFrom: 0, segmentMs: 1 };
  const { fileBytes: file, headerBytes: header, durationSeconds: duration } = sizes;
  const segmentMs = Math.ceil(1000 * (isPositive(duration) ? Math.min(seconds, duration) : seconds));
  if (!isPositive(file)) return { bytes: Infinity, countsFrom: 0, segmentMs };
  if (!isPositive(duration) || duration <= seconds || header === null || header < 0 || header >= file)
    return { bytes: file, countsFrom: 0, segmentMs };
  const content = Math.ceil(((file - header) * seconds) / duration);
  return rules.header === 'required'
    ? { bytes: header + content, countsFrom: 0, segmentMs }
    : { bytes: content, countsFrom: header, segmentMs };
}

function isPositive(value: number | null): value is number {
  return value !== null && value > 0;
}
