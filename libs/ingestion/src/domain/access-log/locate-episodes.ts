import type { HlsFile } from '../counting/download-request.js';
import { hlsFile } from './hls-file.js';
import type { LoggedRequest } from './logged-request.js';
import { hostName } from './request-target.js';

/** An episode and the file that its downloads ask for. */
export interface EpisodeFile {
  readonly episodeId: string;
  /** Lower-case host and exact path without query, no prefixes in front. */
  readonly mediaKey: string;
  /** Length of an HLS segment in milliseconds; null where it is not known. */
  readonly segmentMs: number | null;
}

/** What the operator knows of the hosts in a log. */
export interface LogHosts {
  /** The host of lines that name none. */
  readonly missing: string | null;
  /** What hosts in the log, such as a CDN's own names, are called in feeds. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** The episode that a request belongs to. */
export interface LocatedFile {
  readonly episodeId: string;
  /** Null unless the episode is an HLS stream. */
  readonly hls: HlsFile | null;
}

/** Finds the episode of a request; undefined when it asks for no episode's file. */
export type EpisodeLocator = (request: Pick<LoggedRequest, 'host' | 'path'>) => LocatedFile | undefined;

/**
 * Maps requests to episodes by host and exact path. An episode whose file is an HLS playlist (`.m3u8`) also owns every
 * path below the playlist's directory, the nearest playlist first. Where two episodes' playlists share a directory,
 * neither owns what lies beside them. Where two episodes have one file, the first one given is meant.
 */
export function locateEpisodes(files: readonly EpisodeFile[], hosts: LogHosts): EpisodeLocator {
  const byKey = new Map<string, EpisodeFile>();
  const byDirectory = new Map<string, EpisodeFile | null>();
  for (const file of files) {
    if (byKey.has(file.mediaKey)) continue;
    byKey.set(file.mediaKey, file);
    if (!isPlaylist(file.mediaKey)) continue;
    const directory = parent(file.mediaKey);
    byDirectory.set(directory, byDirectory.has(directory) ? null : file);
  }
  return (request) => {
    const { path } = request;
    const key = mediaKeyOf(request, hosts);
    const exact = byKey.get(key);
    if (exact && !isPlaylist(key)) return { episodeId: exact.episodeId, hls: null };
    const owner = exact ?? nearestOwner(byDirectory, key);
    return owner && { episodeId: owner.episodeId, hls: hlsFile(path, owner.segmentMs) };
  };
}

/** Host and path of a request, in the form of an episode's media key. */
export function mediaKeyOf({ host, path }: Pick<LoggedRequest, 'host' | 'path'>, hosts: LogHosts): string {
  return `${canonicalHost(host, hosts)}${path}`;
}

function canonicalHost(host: string | null, { missing, aliases }: LogHosts): string {
  const named = host ?? hostName(missing) ?? '';
  return aliases.get(named) ?? named;
}

/** Whether a media key names the playlist of an HLS stream. */
export function isPlaylist(key: string): boolean {
  return /\.m3u8$/i.test(key);
}

/** The directory that holds a file or directory, with its slash; empty above a host. */
function parent(key: string): string {
  const name = key.endsWith('/') ? key.slice(0, -1) : key;
  return name.slice(0, name.lastIndexOf('/') + 1);
}

function nearestOwner(
  directories: ReadonlyMap<string, EpisodeFile | null>,
  key: string,
): EpisodeFile | undefined {
  if (directories.size === 0) return undefined;
  for (let directory = parent(key); directory !== ''; directory = parent(directory)) {
    const owner = directories.get(directory);
    if (owner !== undefined) return owner ?? undefined;
  }
  return undefined;
}
