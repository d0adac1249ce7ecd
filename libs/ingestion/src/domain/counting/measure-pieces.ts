import type { ByteRange } from './byte-union.js';
import type { DownloadRequest, EpisodeSizes } from './download-request.js';
import type { PassedRequest } from './filter-requests.js';
import { servedRanges } from './served-ranges.js';

/** A request that passed all filters, with what its response brought. */
export interface Piece extends PassedRequest {
  /** Bytes of the episode's file. None for HLS segments, nor at `prefix_only`, whose redirects bring no part of it. */
  readonly served: readonly ByteRange[];
}

/** Reads what each request brought, once for all windows. */
export function measurePieces(
  passed: readonly PassedRequest[],
  episodes: ReadonlyMap<string, EpisodeSizes>,
): Piece[] {
  return passed.map(({ index, request }) => {
    const fileBytes = episodes.get(request.episode)?.fileBytes ?? null;
    return { index, request, served: bringsFile(request) ? servedRanges(request, fileBytes) : [] };
  });
}

function bringsFile({ evidence, hls }: DownloadRequest): boolean {
  return evidence === 'origin_bytes' && hls === null;
}
