import type { DownloadWindow } from './counting-rules.js';
import type { Piece } from './measure-pieces.js';
import { joinsWindow, type Touches } from './joins-window.js';
import type { WindowCarry } from './window-carry.js';

/** One window of one listener, episode and kind of evidence. */
export interface WindowPieces extends Touches {
  /** The window as the day before left it; undefined where it was opened by one of the pieces. */
  readonly carried: WindowCarry | undefined;
  /** In the order of time. Empty for a carried window that nothing joined. */
  readonly pieces: readonly Piece[];
}

/**
 * Assigns the pieces of one listener, episode and kind of evidence to windows. This comes before any bytes are united,
 * so that pieces on both sides of a border are not joined (PTMG v2.3 §5.5.1, IAB-03, IAB-04).
 * @param pieces in the order of time
 * @param carried the window that was open before them
 * @returns the windows in the order of time
 */
export function splitWindows(
  pieces: readonly Piece[],
  window: DownloadWindow,
  carried: WindowCarry | undefined,
): WindowPieces[] {
  const windows: OpenWindow[] = [];
  let open: OpenWindow | undefined;
  if (carried) {
    open = { firstTouchMs: carried.firstTouchMs, lastTouchMs: carried.lastTouchMs, carried, pieces: [] };
    windows.push(open);
  }
  for (const piece of pieces) {
    const at = piece.request.occurredAtMs;
    if (open && joinsWindow(window, open, at)) {
      open.pieces.push(piece);
      open.lastTouchMs = at;
    } else {
      open = { firstTouchMs: at, lastTouchMs: at, carried: undefined, pieces: [piece] };
      windows.push(open);
    }
  }
  return windows;
}

interface OpenWindow extends WindowPieces {
  lastTouchMs: number;
  readonly pieces: Piece[];
}
