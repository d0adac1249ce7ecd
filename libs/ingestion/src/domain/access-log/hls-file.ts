import type { HlsFile } from '../counting/download-request.js';
import { DEFAULT_SEGMENT_MS } from '../stored-segment.js';

const SEGMENT = /^(.*)\.(?:ts|m4s|mp4|m4v|m4a|m4f|cmfv|cmfa|aac|ac3|ec3|mp3|webm)$/i;

/** Positions beyond what a 32-bit integer holds, such as times in milliseconds, keep their last digits. */
const POSITIONS = 1_000_000_000;

/**
 * What a file below the directory of an HLS stream is. A segment's position is the last number in its name; renditions
 * number alike, so that one position is one segment. Playlists, initialisation segments (`init`, or without a number),
 * subtitles and keys belong to the stream but are none of its content; all of them count as playlists.
 */
export function hlsFile(path: string, segmentMs: number | null): HlsFile {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const [, stem] = SEGMENT.exec(name) ?? [];
  const number = stem === undefined || /^init/i.test(stem) ? undefined : /(\d+)\D*$/.exec(stem)?.[1];
  if (number === undefined) return { kind: 'playlist' };
  return {
    kind: 'segment',
    position: Number(BigInt(number) % BigInt(POSITIONS)),
    durationMs: segmentMs ?? DEFAULT_SEGMENT_MS,
  };
}
