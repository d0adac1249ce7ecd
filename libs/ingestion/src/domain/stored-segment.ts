import type { HlsFile } from './counting/download-request.js';

/** The columns that say what a file of an HLS stream is. Both are null for any other file. */
export interface StoredSegment {
  /** Position of a segment; −1 for a playlist. */
  readonly segment: number | null;
  readonly segmentMs: number | null;
}

/** How long a segment lasts where nobody says: what Apple's authoring rules for HLS ask for. */
export const DEFAULT_SEGMENT_MS = 6_000;

const PLAYLIST = -1;

/** The form in which a file of a stream is stored. */
export function storedSegment(hls: HlsFile | null): StoredSegment {
  if (hls === null) return { segment: null, segmentMs: null };
  if (hls.kind === 'playlist') return { segment: PLAYLIST, segmentMs: null };
  return { segment: hls.position, segmentMs: hls.durationMs };
}

/** Reads back what `storedSegment` made. */
export function hlsFileOf({ segment, segmentMs }: StoredSegment): HlsFile | null {
  if (segment === null) return null;
  if (segment === PLAYLIST) return { kind: 'playlist' };
  return { kind: 'segment', position: segment, durationMs: segmentMs ?? DEFAULT_SEGMENT_MS };
}
