import { compareText } from './compare-text.js';
import type { Count, CountingInput } from './count.js';
import { countWindow } from './count-window.js';
import type { CountingRules } from './counting-rules.js';
import type { Download } from './download.js';
import type { EpisodeSizes, RequestEvidence } from './download-request.js';
import type { FilteredRequests } from './filter-requests.js';
import { joinsWindow } from './joins-window.js';
import type { Piece } from './measure-pieces.js';
import { splitWindows, type WindowPieces } from './split-windows.js';
import { type WindowCarry, withinFile } from './window-carry.js';
import { extendCoverage, NOTHING_COVERED } from './window-coverage.js';

/** Turns what the filters left into downloads, in the window that the rules name: the second half of counting. */
export function countWindows(
  filtered: FilteredRequests['outcomes'],
  pieces: readonly Piece[],
  { episodes, untilMs }: CountingInput,
  rules: CountingRules,
  carried: readonly WindowCarry[],
): Count {
  const outcomes = [...filtered];
  const downloads: Download[] = [];
  const carry: WindowCarry[] = [];
  for (const { of, open, pieces: some } of groupByListener(pieces, carried)) {
    const sizes = episodes.get(of.episode) ?? NO_SIZES;
    for (const window of splitWindows(some, rules.window, open && withinFile(open, sizes))) {
      const count = countWindow(window, sizes, rules);
      window.pieces.forEach(({ index }, position) => {
        outcomes[index] = count.outcomes[position] ?? 'below_threshold';
      });
      if (count.download) downloads.push(count.download);
      const isSettled = count.download !== undefined;
      if (joinsWindow(rules.window, window, untilMs)) carry.push(carryOf(of, window, isSettled));
    }
  }
  downloads.sort((a, b) => a.occurredAtMs - b.occurredAtMs || compareKeys(a, b));
  return { outcomes, downloads, carry: carry.sort(compareKeys) };
}

const NO_SIZES: EpisodeSizes = { fileBytes: null, headerBytes: null, durationSeconds: null };

/** Whose requests share windows: one listener, of one episode, known from one kind of evidence (IAB-21). */
interface DownloadKey {
  readonly listener: string;
  readonly episode: string;
  readonly evidence: RequestEvidence;
}

interface Group {
  readonly of: DownloadKey;
  readonly open: WindowCarry | undefined;
  readonly pieces: Piece[];
}

function groupByListener(pieces: readonly Piece[], carried: readonly WindowCarry[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const open of carried) groups.set(keyOf(open), { of: open, open, pieces: [] });
  for (const piece of pieces) {
    const key = keyOf(piece.request);
    const group = groups.get(key);
    if (group) group.pieces.push(piece);
    else groups.set(key, { of: piece.request, open: undefined, pieces: [piece] });
  }
  return groups.values();
}

function keyOf({ evidence, listener, episode }: DownloadKey): string {
  return `${evidence} ${listener}\0${episode}`;
}

function compareKeys(a: DownloadKey, b: DownloadKey): number {
  return (
    compareText(a.evidence, b.evidence) ||
    compareText(a.listener, b.listener) ||
    compareText(a.episode, b.episode)
  );
}

/** The window as it is left at the end of the stretch. */
function carryOf(
  { listener, episode, evidence }: DownloadKey,
  { carried, firstTouchMs, lastTouchMs, pieces }: WindowPieces,
  isSettled: boolean,
): WindowCarry {
  return {
    listener,
    episode,
    evidence,
    firstTouchMs,
    lastTouchMs,
    coverage: extendCoverage(carried?.coverage ?? NOTHING_COVERED, pieces),
    settled: isSettled || carried?.settled === true,
  };
}
