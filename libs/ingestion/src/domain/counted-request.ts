import type { AgentVerdict } from './classification/agent-verdict.js';
import type { DownloadRequest } from './counting/download-request.js';
import type { AddressListing, NetworkClass } from './counting/counting-rules.js';
import { hlsFileOf, type StoredSegment } from './stored-segment.js';

/** A stored request for a file, as it is read to be counted. Ids of 64 bits are texts: a number would lose bits. */
export interface StoredRequest extends StoredSegment {
  readonly eventId: string;
  /** UTC, milliseconds since 1970. */
  readonly occurredAtMs: number;
  readonly episodeId: string | null;
  readonly podcastId: string | null;
  readonly fromLog: boolean;
  readonly method: string | null;
  readonly status: number | null;
  readonly bytes: number | null;
  readonly rangeAsked: string | null;
  /** First byte and the byte after the last, of the Content-Range that was announced. */
  readonly servedFrom: number | null;
  readonly servedTo: number | null;
  readonly addressId: string | null;
  /** The listener under the key of the request's UTC day, and under that of the day before. */
  readonly listenerId: string | null;
  readonly listenerIdYesterday: string | null;
  readonly audienceA: string | null;
  readonly audienceB: string | null;
  readonly userAgentId: string | null;
  /** Whether its listener was erased, and the agent with them. */
  readonly isErased: boolean;
  readonly referrer: string | null;
  readonly networkClass: NetworkClass | null;
  readonly country: string | null;
  /** Number of the autonomous system. */
  readonly asn: number | null;
  readonly addressList: AddressListing | null;
}

/** What lists say of a request: what its agent is, and of a browser also whether its referrer is believed. */
export interface RequestVerdict extends AgentVerdict {
  /** Malformed, or on a list of denials (PTMG v2.3 §5.5.2 (3), IAB-09). */
  readonly badReferrer?: boolean;
  /** Where an override of the tenant says it: takes the place of what was known of the network. */
  readonly networkClass?: NetworkClass;
}

/** Puts a stored request and the verdict on it into the form that counting asks for. */
export function countedRequest(stored: StoredRequest, agent: RequestVerdict): DownloadRequest {
  const { servedFrom, servedTo } = stored;
  return {
    id: stored.eventId,
    occurredAtMs: stored.occurredAtMs,
    evidence: stored.fromLog ? 'origin_bytes' : 'prefix_only',
    method: stored.method ?? 'GET',
    status: stored.status,
    bytesServed: stored.bytes,
    rangeAsked: stored.rangeAsked,
    rangeServed: servedFrom === null || servedTo === null ? null : { from: servedFrom, to: servedTo },
    hls: hlsFileOf(stored),
    listener: stored.listenerId,
    address: stored.addressId,
    episode: stored.episodeId,
    // Without this, a request of somebody who was erased would look like one that came without an agent.
    agent: stored.isErased ? 'unknown' : agent.kind,
    network: agent.networkClass ?? stored.networkClass ?? 'unknown',
    addressList: stored.addressList,
    badReferrer: agent.badReferrer === true,
  };
}

/** Stored in the place of a Referer that is no address (PTMG v2.3 §5.5.2 (3), IAB-09); it is no address either. */
export const MALFORMED_REFERRER = 'malformed:';
