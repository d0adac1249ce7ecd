import { addedBytes, type ByteRange, clipRanges, unionBytes, uniteRanges } from './byte-union.js';
import type { DownloadRequest } from './download-request.js';
import type { Piece } from './measure-pieces.js';

/**
 * What was served of an episode inside one window: bytes of its file by their union (IAB-20), HLS segments by their
 * position. A segment counts once any of it was served; its bytes are those of its first delivery.
 */
export interface Coverage {
  /** Sorted ranges that neither touch nor overlap. */
  readonly served: readonly ByteRange[];
  /** Positions of the segments, sorted. */
  readonly segments: readonly number[];
  /** Length of these segments, in milliseconds. */
  readonly segmentMs: number;
  readonly segmentBytes: number;
}

export const NOTHING_COVERED: Coverage = { served: [], segments: [], segmentMs: 0, segmentBytes: 0 };

/** How much a window covers, or what a piece adds to that. */
export interface Amount {
  /** Different bytes, of the file and of segments. */
  readonly bytes: number;
  /** Different bytes of the file, without those before the content where these do not help. */
  readonly helpfulBytes: number;
  readonly segmentMs: number;
}

/**
 * What each piece brings that nothing before it brought.
 * @param pieces of one window, in the order of time
 * @param countsFrom the first byte of the file that helps to reach the threshold
 */
export function addedAmounts(before: Coverage, pieces: readonly Piece[], countsFrom: number): Amount[] {
  const served = [before.served, ...pieces.map((piece) => piece.served)];
  const bytes = addedBytes(served);
  const helpfulBytes =
    countsFrom === 0 ? bytes : addedBytes(served.map((ranges) => clipRanges(ranges, countsFrom, Infinity)));
  const positions = new Set(before.segments);
  return pieces.map(({ request }, index) => {
    const segment = newSegment(request, positions);
    return {
      bytes: (bytes[index + 1] ?? 0) + segment.bytes,
      helpfulBytes: helpfulBytes[index + 1] ?? 0,
      segmentMs: segment.ms,
    };
  });
}

/** How much a coverage comes to. */
export function amountOf({ served, segmentMs, segmentBytes }: Coverage, countsFrom: number): Amount {
  return {
    bytes: unionBytes(served) + segmentBytes,
    helpfulBytes: unionBytes(clipRanges(served, countsFrom, Infinity)),
    segmentMs,
  };
}

/** The coverage after these pieces. */
export function extendCoverage(before: Coverage, pieces: readonly Piece[]): Coverage {
  const positions = new Set(before.segments);
  let { segmentMs, segmentBytes } = before;
  for (const { request } of pieces) {
    const segment = newSegment(request, positions);
    segmentMs += segment.ms;
    segmentBytes += segment.bytes;
  }
  return {
    served: uniteRanges([...before.served, ...pieces.flatMap((piece) => piece.served)]),
    segments: [...positions].sort((a, b) => a - b),
    segmentMs,
    segmentBytes,
  };
}

function newSegment(
  { evidence, hls, bytesServed }: DownloadRequest,
  positions: Set<number>,
): { ms: number; bytes: number } {
  const bytes = evidence === 'origin_bytes' ? (bytesServed ?? 0) : 0;
  if (hls?.kind !== 'segment' || bytes === 0 || positions.has(hls.position)) return { ms: 0, bytes: 0 };
  positions.add(hls.position);
  return { ms: hls.durationMs, bytes };
}
