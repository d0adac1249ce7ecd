import type { CountingRules } from './counting-rules.js';
import type { Download } from './download.js';
import type { DownloadRequest, EpisodeSizes } from './download-request.js';
import type { Piece } from './measure-pieces.js';
import type { Outcome } from './outcome.js';
import type { WindowPieces } from './split-windows.js';
import { type Threshold, threshold } from './threshold.js';
import { utcDay } from './utc-day.js';
import { addedAmounts, type Amount, amountOf, NOTHING_COVERED } from './window-coverage.js';

/** What became of the requests of one window. */
export interface WindowCount {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** The download that these requests completed: at most one, and none where the day before completed it. */
  readonly download: Download | undefined;
}

/**
 * Counts one window of one listener, episode and kind of evidence: unites what was served, then applies the threshold
 * (IAB-16 to IAB-20, IAB-22). At `prefix_only` the first request is the download.
 *
 * What a request became is settled by the end of its UTC day and never depends on a later one: pieces that stayed below
 * the threshold on their day keep that outcome, even where the next day completes the download. So a day once counted
 * stays as it is, and counting day by day gives what counting all days at once gives.
 */
export function countWindow(
  { carried, firstTouchMs, pieces }: WindowPieces,
  sizes: EpisodeSizes,
  rules: CountingRules,
): WindowCount {
  const need = threshold(sizes, rules);
  const before = carried?.coverage ?? NOTHING_COVERED;
  const added = addedAmounts(before, pieces, need.countsFrom);
  const outcomes: Outcome[] = [];
  const total = { ...amountOf(before, need.countsFrom) };
  let settled = carried?.settled ?? false;
  let settledBy: Piece['request'] | undefined;
  let settledBytes = 0;
  let today = NaN;
  let firstToday = 0;
  for (const [index, { request }] of pieces.entries()) {
    const gain = added[index] ?? NO_AMOUNT;
    total.bytes += gain.bytes;
    total.helpfulBytes += gain.helpfulBytes;
    total.segmentMs += gain.segmentMs;
    const day = utcDay(request.occurredAtMs);
    if (day !== today) [today, firstToday] = [day, index];
    if (settled) outcomes.push(gain.bytes > 0 ? 'merged_piece' : 'repeat_in_window');
    else if (isReached(request, total, need)) {
      outcomes.fill('merged_piece', firstToday).push('counted');
      [settled, settledBy] = [true, request];
    } else outcomes.push('below_threshold');
    if (settledBy && day === utcDay(settledBy.occurredAtMs)) settledBytes = total.bytes;
  }
  return { outcomes, download: settledBy && downloadOf(settledBy, firstTouchMs, settledBytes) };
}

const NO_AMOUNT: Amount = { bytes: 0, helpfulBytes: 0, segmentMs: 0 };

function isReached({ evidence }: DownloadRequest, total: Amount, need: Threshold): boolean {
  if (evidence === 'prefix_only') return true;
  return total.helpfulBytes >= need.bytes || total.segmentMs >= need.segmentMs;
}

function downloadOf(settledBy: Piece['request'], occurredAtMs: number, bytes: number): Download {
  return {
    listener: settledBy.listener,
    episode: settledBy.episode,
    evidence: settledBy.evidence,
    occurredAtMs,
    settledAtMs: settledBy.occurredAtMs,
    settledBy: settledBy.id,
    bytes: settledBy.evidence === 'prefix_only' ? null : bytes,
  };
}
