import { mediaKey } from './media-key.js';
import { parseDuration } from './parse-duration.js';
import { resolveFeedUrl } from './resolve-feed-url.js';

/** What a line of a CSV says of an episode's file. What it leaves out is null. */
export interface EpisodeFile {
  readonly url: string;
  readonly mediaKey: string;
  readonly fileBytes: number | null;
  /** Bytes before the content (ID3 and the like). */
  readonly headerBytes: number | null;
  readonly durationSeconds: number | null;
  /** Length of an HLS segment in milliseconds. */
  readonly segmentMs: number | null;
}

/** The columns that are read, in any order; `url`, or `path` with or without `host`, is needed. */
export const EPISODE_FILE_COLUMNS = [
  'url',
  'host',
  'path',
  'file_bytes',
  'header_bytes',
  'duration_seconds',
  'segment_ms',
] as const;
export type EpisodeFileRecord = Partial<Record<(typeof EPISODE_FILE_COLUMNS)[number], string>>;

const MAX_SEGMENT_MS = 600_000;

/** How to read what a line does not say itself. */
export interface EpisodeFileContext {
  /** Host of lines that name none. */
  readonly host: string | null;
  /** The tenant's own prefix hosts, in lower case. */
  readonly ownHosts: ReadonlySet<string>;
}

/**
 * Reads a line. Durations are seconds, rounded to whole ones, or written like in feeds (`29:42`).
 * @returns the file, or what is wrong with the line
 */
export function readEpisodeFile(
  record: EpisodeFileRecord,
  { host, ownHosts }: EpisodeFileContext,
): EpisodeFile | string {
  const url = fileUrl(record, host);
  if (url === null) return 'needs a url, or a path and a host';
  const fileBytes = integer(record.file_bytes, Number.MAX_SAFE_INTEGER);
  const headerBytes = integer(record.header_bytes, Number.MAX_SAFE_INTEGER);
  const segmentMs = integer(record.segment_ms, MAX_SEGMENT_MS);
  const durationSeconds = record.duration_seconds ? parseDuration(record.duration_seconds) : undefined;
  if (fileBytes === null) return 'file_bytes is not a number of bytes';
  if (headerBytes === null) return 'header_bytes is not a number of bytes';
  if (durationSeconds === null) return 'duration_seconds is not a duration';
  if (segmentMs === null || segmentMs === 0) return `segment_ms is not between 1 and ${MAX_SEGMENT_MS}`;
  if (fileBytes !== undefined && headerBytes !== undefined && headerBytes > fileBytes)
    return 'header_bytes is more than file_bytes';
  return {
    url: url.href,
    mediaKey: mediaKey(url, ownHosts),
    fileBytes: fileBytes ?? null,
    headerBytes: headerBytes ?? null,
    durationSeconds: durationSeconds ?? null,
    segmentMs: segmentMs ?? null,
  };
}

function fileUrl({ url, host, path }: EpisodeFileRecord, missingHost: string | null): URL | null {
  if (url) return resolveFeedUrl(url, null);
  const named = host || missingHost;
  if (!named || !path?.startsWith('/')) return null;
  return resolveFeedUrl(`https://${named}${path}`, null);
}

/** Undefined for an empty field, null for what is no such number. */
function integer(text: string | undefined, most: number): number | null | undefined {
  if (text === undefined || text === '') return undefined;
  return /^\d{1,16}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
