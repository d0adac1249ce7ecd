import type { RequestEvidence } from './counting/download-request.js';

/** Downloads of some UTC days as they were shown when somebody promised them to somebody. Never changed. */
export interface Snapshot {
  readonly id: string;
  /** Unique within the tenant. */
  readonly name: string;
  /** UTC days, `YYYY-MM-DD`, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Null is every podcast. */
  readonly podcastId: string | null;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** A frozen number beside what is shown now. */
export interface WasAndWouldBe {
  readonly was: number;
  readonly wouldBe: number;
}

/** Downloads of one episode on one UTC day, at one level of evidence. */
export interface SnapshotNumber extends WasAndWouldBe {
  readonly day: string;
  readonly podcastId: string;
  readonly episodeId: string;
  readonly evidence: RequestEvidence;
  /** Versions of the rule sets that the numbers were counted under; empty for a number that is not there. */
  readonly wasUnder: readonly string[];
  readonly wouldBeUnder: readonly string[];
}

/** Levels of evidence are never added up. */
export interface SnapshotTotal extends WasAndWouldBe {
  readonly evidence: RequestEvidence;
  /** Numbers that differ, be the totals equal or not. */
  readonly differing: number;
}
