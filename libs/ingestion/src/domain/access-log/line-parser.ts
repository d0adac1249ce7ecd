import type { LineFault } from './line-fault.js';
import type { LoggedRequest } from './logged-request.js';

/** A line that was understood. */
export interface LoggedLine {
  readonly request: LoggedRequest;
  /** What identifies a request without an id: the whole line, every field that holds an address left empty. Else null. */
  readonly blankedLine: string | null;
}

/**
 * Reads one line, without its line end, as text. Null for a line that holds no request: empty, or a header.
 *
 * A parser belongs to one file, from its first line on, because headers can say what the lines after them mean.
 */
export type LineParser = (line: string) => LoggedLine | LineFault | null;
