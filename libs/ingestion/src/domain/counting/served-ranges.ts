import { type ByteRange, clipRanges } from './byte-union.js';
import type { DownloadRequest } from './download-request.js';
import { type AskedRange, parseByteRange } from './parse-byte-range.js';

/** The fields of a request that say what its response brought. */
type Response = Pick<DownloadRequest, 'status' | 'bytesServed' | 'rangeAsked' | 'rangeServed'>;

/** What each part of a multi-part answer carries besides content: boundary, type and range. About this much. */
const PART_HEADER_BYTES = 200;

/**
 * Which bytes of the file a response brought, judged by what was served and not by what was asked (RFC 9110 §14.2,
 * IAB-16). A 200 starts at the first byte, whatever Range header the server ignored. Anything else is placed by its
 * Content-Range, else by the Range header.
 *
 * A response that cannot be placed is put at the start of the file. All such pieces then lie on one another, so that
 * they prove the longest of them and never their sum.
 * @param fileBytes size of the file, or null; nothing served lies beyond it
 */
export function servedRanges(response: Response, fileBytes: number | null): ByteRange[] {
  const bytes = response.bytesServed ?? 0;
  const parts = response.status === 200 ? [WHOLE_FILE] : placedParts(response, fileBytes);
  const inFile = clipRanges(parts, 0, fileBytes ?? Infinity);
  return inFile.length > 1 ? cutParts(inFile, bytes) : cut(inFile, bytes);
}

const WHOLE_FILE: ByteRange = { from: 0, to: Infinity };

function placedParts(response: Response, fileBytes: number | null): readonly ByteRange[] {
  if (response.rangeServed !== null) return [response.rangeServed];
  const asked = parseByteRange(response.rangeAsked);
  const placed = asked?.map((part) => place(part, fileBytes));
  return placed?.every((part) => part !== undefined) ? placed : [WHOLE_FILE];
}

function place(part: AskedRange, fileBytes: number | null): ByteRange | undefined {
  if (!('lastBytes' in part)) return part;
  return fileBytes === null ? undefined : { from: Math.max(0, fileBytes - part.lastBytes), to: fileBytes };
}

/**
 * The parts of a multi-part answer, without their headers. More bytes than the parts have together can only be the whole
 * answer. From fewer, the header of each part is taken off first.
 */
function cutParts(parts: readonly ByteRange[], bytes: number): ByteRange[] {
  const whole = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  return bytes > whole ? [...parts] : cut(parts, bytes, PART_HEADER_BYTES);
}

/** The parts in their order, as far as the bytes reach. */
function cut(parts: readonly ByteRange[], bytes: number, headerBytes = 0): ByteRange[] {
  const served: ByteRange[] = [];
  let left = bytes;
  for (const { from, to } of parts) {
    left -= headerBytes;
    if (left <= 0) break;
    served.push({ from, to: Math.min(to, from + left) });
    left -= to - from;
  }
  return served;
}
