import type { RequestEvidence } from './download-request.js';

/**
 * One download: a listener was delivered enough of an episode within one window (PTMG v2.3 §6.1, IAB-29). Delivered, not
 * played. At `prefix_only` it says that the file was asked for; the one-minute rule is not applied.
 */
export interface Download {
  readonly listener: string;
  readonly episode: string;
  readonly evidence: RequestEvidence;
  /** The time of the download: when the window's first piece came. UTC milliseconds. */
  readonly occurredAtMs: number;
  /** When it was complete, on the UTC day that owns it: later than `occurredAtMs` if pieces lie on both sides of midnight. */
  readonly settledAtMs: number;
  /** Id of the request that completed it, the one whose outcome is `counted`. */
  readonly settledBy: string;
  /** Different bytes served in the window by the end of the UTC day that owns it. Null at `prefix_only`. */
  readonly bytes: number | null;
}
