import { compareText } from './compare-text.js';
import type { Count, CountingInput } from './count.js';
import { countWindow } from './count-window.js';
import type { CountingRules } from './counting-rules.js';
import type { Download } from './download.js';
import type { EpisodeSizes, RequestEvidence } from './download-request.js';
import type { FilteredRequests, PassedRequest } from './filter-requests.js';
import { joinsWindow } from './joins-window.js';
import { splitWindows, type WindowPieces } from './split-windows.js';
import type { WindowCarry } from './window-carry.js';
import { extendCoverage, NOTHING_COVERED } from './window-coverage.js';

/** Turns what the filters left into downloads, in the window that the rules name: the second half of counting. */
export function countWindows(
  filtered: FilteredRequests,
  { episodes, untilMs }: CountingInput,
  rules: CountingRules,
  carried: readonly WindowCarry[],
): Count {
  const outcomes = [...filtered.outcomes];
  const downloads: Download[] = [];
  const carry: WindowCarry[] = [];
  for (const { of, open, requests } of groupByListener(filtered.passed, carried)) {
    const sizes = episodes.get(of.episode) ?? NO_SIZES;
    for (const window of splitWindows(requests, rules.window, open)) {
      const count = countWindow(window, sizes, rules);
      window.pieces.forEach(({ index }, position) => {
        outcomes[index] = count.outcomes[position] ?? 'below_threshold';
      });
      if (count.download) downloads.push(count.download);
      const isSettled = count.download !== undefined;
      if (joinsWindow(rules.window, window, untilMs)) carry.push(carryOf(of, window, sizes, isSettled));
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
  readonly requests: PassedRequest[];
}

function groupByListener(passed: readonly PassedRequest[], carried: readonly WindowCarry[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  for (const open of carried) groups.set(keyOf(open), { of: open, open, requests: [] });
  for (const entry of passed) {
    const key = keyOf(entry.request);
    const group = groups.get(key);
    if (group) group.requests.push(entry);
    else groups.set(key, { of: entry.request, open: undefined, requests: [entry] });
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
  sizes: EpisodeSizes,
  isSettled: boolean,
): WindowCarry {
  const requests = pieces.map(({ request }) => request);
  return {
    listener,
    episode,
    evidence,
    firstTouchMs,
    lastTouchMs,
    coverage: extendCoverage(carried?.coverage ?? NOTHING_COVERED, requests, sizes),
    settled: isSettled || carried?.settled === true,
  };
}
