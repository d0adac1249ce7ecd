import { idBits, IdCounts, type IdBits } from './id-counts.js';
import type { LoggedLine } from './line-parser.js';
import { nameBasedUuids } from './name-based-uuid.js';

/** Namespace of the sources of logs, a random UUID minted for them. */
const SOURCES = '6d0f5e0a-3f0e-4d53-9a55-8f0b7a1c4e52';

/** How many lines without an id are remembered at least, and up to twice as many. */
const REMEMBERED = 100_000;

/** The id of the event that a line becomes. Lines are given in the order of the file, each once. */
export type RequestIdentifier = (line: LoggedLine, lineNumber: number) => string;

/**
 * Names the requests of one file so that the same file, or the same request in another file of the source, gives the
 * same ids, and no address enters them:
 *
 * - with an id by its server: UUIDv5(source, that id);
 * - else UUIDv5(source, the line without addresses), and for the second and further equal line of the file UUIDv5 of
 *   that UUID and the ordinal. Equal lines are listeners behind different addresses who did the same in one second.
 *
 * To number equal lines, the last 100,000 different ones are remembered. As equal lines have equal times, nothing is
 * missed in a file that is in the order of time but for the disorder of that many lines. A line from before what is
 * forgotten could be either first or further: it is told apart by its line number, so that it is never taken for
 * another. Only then does a file that was cut elsewhere give it another id.
 * @param source the name of what wrote the log: one server or one distribution, since equal lines of two servers are
 *   two requests
 */
export function identifyRequests(source: string, remembered = REMEMBERED): RequestIdentifier {
  const idOf = nameBasedUuids(nameBasedUuids(SOURCES)(source));
  let young = new Generation(remembered);
  let old = new Generation(remembered);
  let forgottenUntilMs = -Infinity;
  return ({ request: { requestId, occurredAtMs }, blankedLine }, lineNumber) => {
    if (requestId !== null) return idOf(requestId);
    const first = idOf(blankedLine ?? '');
    const bits = idBits(first);
    const times = young.lines.countAgain(bits) ?? old.lines.countAgain(bits);
    if (times !== undefined) return nameBasedUuids(first)(String(times));
    if (occurredAtMs <= forgottenUntilMs) return nameBasedUuids(first)(`line ${lineNumber}`);
    young.add(bits, occurredAtMs);
    if (young.lines.size >= remembered) {
      forgottenUntilMs = Math.max(forgottenUntilMs, old.newestMs);
      [young, old] = [new Generation(remembered), young];
    }
    return first;
  };
}

/** Lines that are forgotten together: to drop one after the other from a long list costs more than all else here. */
class Generation {
  newestMs = -Infinity;
  readonly lines: IdCounts;

  constructor(most: number) {
    this.lines = new IdCounts(most);
  }

  add(line: IdBits, occurredAtMs: number): void {
    this.lines.add(line);
    this.newestMs = Math.max(this.newestMs, occurredAtMs);
  }
}
