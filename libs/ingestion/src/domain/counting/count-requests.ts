import { DAY_MS } from '@lib/primitives';
import type { Count, CountingInput } from './count.js';
import { countWindows } from './count-windows.js';
import type { CountingRules, DownloadWindow } from './counting-rules.js';
import { filterRequests } from './filter-requests.js';
import { measurePieces } from './measure-pieces.js';
import type { WindowCarry } from './window-carry.js';

/**
 * Counts downloads by the rules of PTMG v2.3 §5.5: filters, then windows, then the union of what was served in each,
 * then the threshold.
 *
 * - Each request has exactly one outcome, and as many requests are `counted` as there are downloads.
 * - The order of the requests changes nothing, nor does anything but the input: no clock, no chance.
 * - The two kinds of evidence never meet: more of one changes no count of the other.
 * - Days counted one after another, each from the carry of the day before, give what all of them give at once.
 * - O(n log n) in requests and the ranges in them.
 * @param carry what the day before left open, under the listener keys of this stretch, counted by the same rules
 * @throws RangeError when the stretch does not end at a midnight UTC, or a request is not before it
 */
export function countRequests(
  input: CountingInput,
  rules: CountingRules,
  carry: readonly WindowCarry[] = [],
): Count {
  checkStretch(input);
  const { outcomes, passed } = filterRequests(input.requests, rules);
  return countWindows(outcomes, measurePieces(passed, input.episodes), input, rules, carry);
}

/**
 * Counts the same requests in each of the three windows, whichever the rules name, so that a number can be compared
 * with another party's (PTMG v2.3 §5.5.1, IAB-03). Filters know nothing of windows and are asked once.
 * @param carry for each window, what the day before left open in it
 * @throws RangeError as {@link countRequests} does
 */
export function countInEveryWindow(
  input: CountingInput,
  rules: CountingRules,
  carry: Partial<Record<DownloadWindow, readonly WindowCarry[]>> = {},
): Record<DownloadWindow, Count> {
  checkStretch(input);
  const { outcomes, passed } = filterRequests(input.requests, rules);
  const pieces = measurePieces(passed, input.episodes);
  const countIn = (window: DownloadWindow): Count =>
    countWindows(outcomes, pieces, input, { ...rules, window }, carry[window] ?? []);
  return {
    calendar_day: countIn('calendar_day'),
    first_touch: countIn('first_touch'),
    last_touch: countIn('last_touch'),
  };
}

/** A day that is cut short would lose its volume, and a request after the end would be counted in no carry. */
function checkStretch({ requests, untilMs }: CountingInput): void {
  if (untilMs % DAY_MS !== 0) throw new RangeError('A counted stretch ends at a midnight UTC.');
  const isInside = requests.every(({ occurredAtMs }) => occurredAtMs < untilMs);
  if (!isInside) throw new RangeError('Every request must come before the end of the counted stretch.');
}
