import { identifyRequests, type RequestIdentifier } from '../../domain/access-log/identify-requests.js';
import { isLineFault, type LineRule } from '../../domain/access-log/line-fault.js';
import type { LineParser } from '../../domain/access-log/line-parser.js';
import { openLogFormat } from '../../domain/access-log/log-formats.js';
import type { LoggedRequest } from '../../domain/access-log/logged-request.js';

/** Clocks of servers differ; what lies further ahead is a mistake. */
const FUTURE_SKEW_MS = 5 * 60_000;

/** A request and the id of the event that it becomes. */
export interface IdentifiedRequest {
  readonly eventId: string;
  readonly request: LoggedRequest;
}

/** Which times a log may tell of: `[fromMs, now]`, UTC milliseconds. */
export interface LogTimes {
  readonly fromMs: number;
  readonly nowMs: number;
}

/**
 * Reads the lines of one file from the first to the last, because headers say what lines mean, and equal lines are
 * numbered: an interrupted import reads again what it has stored, and goes on behind it.
 */
export class LogReader {
  private readonly parse: LineParser;
  private readonly identify: RequestIdentifier;
  private lineNumber = 0;

  constructor(
    format: string,
    source: string,
    private readonly times: LogTimes,
  ) {
    this.parse = openLogFormat(format)();
    this.identify = identifyRequests(source);
  }

  /** A request, the rule that the line breaks, or null for a line that holds no request. */
  read(text: string | null): IdentifiedRequest | LineRule | null {
    this.lineNumber += 1;
    if (text === null) return 'too_long';
    const line = this.parse(text);
    if (line === null) return null;
    if (isLineFault(line)) return line.rule;
    const { occurredAtMs } = line.request;
    if (occurredAtMs > this.times.nowMs + FUTURE_SKEW_MS) return 'future';
    if (occurredAtMs < this.times.fromMs) return 'too_old';
    return { eventId: this.identify(line, this.lineNumber), request: line.request };
  }
}
