import { storedSegment, type StoredSegment } from '../stored-segment.js';
import { isPlaylist, locateEpisodes, type EpisodeFile } from './locate-episodes.js';

/** A stored path, and the episode whose file or stream it is part of. */
export interface LocatedPath extends StoredSegment {
  readonly pathId: string;
  readonly episodeId: string;
}

const NO_ALIASES = { missing: null, aliases: new Map<string, string>() };

/** The hosts of episodes that are streams: any path of theirs can be a segment. */
export function streamHosts(files: readonly EpisodeFile[]): string[] {
  return [
    ...new Set(files.filter(({ mediaKey }) => isPlaylist(mediaKey)).map(({ mediaKey }) => hostOf(mediaKey))),
  ];
}

/** Finds the episodes of stored paths, by the rules that {@link locateEpisodes} has for requests. Others are left out. */
export function locatePaths(
  files: readonly EpisodeFile[],
  paths: readonly { readonly id: string; readonly value: string }[],
): LocatedPath[] {
  const locate = locateEpisodes(files, NO_ALIASES);
  return paths.flatMap(({ id, value }) => {
    const host = hostOf(value);
    const located = locate({ host, path: value.slice(host.length) });
    return located ? [{ pathId: id, episodeId: located.episodeId, ...storedSegment(located.hls) }] : [];
  });
}

/** Of a media key: host and path. */
function hostOf(mediaKey: string): string {
  return mediaKey.slice(0, mediaKey.indexOf('/'));
}
