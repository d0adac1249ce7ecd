import { clipRanges } from './byte-union.js';
import type { EpisodeSizes, RequestEvidence } from './download-request.js';
import type { Touches } from './joins-window.js';
import type { Coverage } from './window-coverage.js';

/**
 * A window that is still open when a stretch of days ends: all that counting the next day needs to know of it. Spelled
 * in one way only, so that equal windows are equal values and a stored carry can be compared with a new one.
 */
export interface WindowCarry extends Touches {
  readonly listener: string;
  readonly episode: string;
  readonly evidence: RequestEvidence;
  readonly coverage: Coverage;
  /** The window has its download; more pieces make no second one. */
  readonly settled: boolean;
}

/** The window without bytes beyond the end of the file, which may have been measured anew since. */
export function withinFile(open: WindowCarry, { fileBytes }: EpisodeSizes): WindowCarry {
  const served = clipRanges(open.coverage.served, 0, fileBytes ?? Infinity);
  return { ...open, coverage: { ...open.coverage, served } };
}

/**
 * Moves carries from one day's listener keys to the next day's, since keys change at midnight UTC. Carries of listeners
 * who did not come back are left out: no window outlives a UTC day without a request.
 * @param nextDaysKeys for each listener of the next day: key of the day before → key of the day itself
 */
export function rekeyCarry(
  carry: readonly WindowCarry[],
  nextDaysKeys: ReadonlyMap<string, string>,
): WindowCarry[] {
  return carry.flatMap((open) => {
    const listener = nextDaysKeys.get(open.listener);
    return listener === undefined ? [] : [{ ...open, listener }];
  });
}
