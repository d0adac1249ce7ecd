import type { Outcome } from './counting/outcome.js';
import type { DownloadWindow } from './counting/counting-rules.js';
import type { RequestEvidence } from './counting/download-request.js';

/** A recount of some UTC days, both ends included, under a rule set. */
export interface RecountRow {
  id: string;
  ruleSetId: string;
  firstDay: string;
  lastDay: string;
  state: 'queued' | 'counted' | 'applied' | 'discarded' | 'failed';
  /** The last day that is done; null before the first. */
  doneThrough: string | null;
  requestedBy: string;
  requestedAt: Date;
  countedAt: Date | null;
  decidedBy: string | null;
  decidedAt: Date | null;
  error: string | null;
}

/**
 * Why an outcome changes: by the rules of the other rule set; or because under the same rules, too, it would be another one
 * by what the recount knows of the episode's file, its size, header or duration, than by what the day keeps.
 */
export type DifferenceCause = 'rules_changed' | 'episode_file_changed';

/**
 * Requests whose outcome is another one under the new rules, by day, podcast and level of evidence. The sum of those that
 * became `counted`, less those that ceased to be, is the difference of the totals.
 */
export interface RecountDifference {
  day: string;
  /** All zeros: requests for no episode. */
  podcastId: string;
  evidence: RequestEvidence;
  outcomeBefore: Outcome;
  outcomeAfter: Outcome;
  cause: DifferenceCause;
  requests: number;
}

/** Days counted before a recount whose window rolls, so that its first day begins with windows that are open. */
export function leadInDays(window: DownloadWindow): number {
  return window === 'calendar_day' ? 0 : 2;
}
