/**
 * The rule that a line breaks. Stable: reports count by it.
 *
 * - `no_columns`: no header before the line says what its columns are;
 * - `form`: the line does not have the form of the format, or is cut;
 * - `too_long`: longer than any line of a log;
 * - `time`, `request`, `status`, `bytes`, `range`: the field of that name cannot be read;
 * - `field`: a field that our own format does not have, or of another type;
 * - `future`, `too_old`: the time cannot be that of a request to be counted. Asked by the importer, which has a clock.
 */
export const LINE_RULES = [
  'no_columns',
  'form',
  'too_long',
  'time',
  'request',
  'status',
  'bytes',
  'range',
  'field',
  'future',
  'too_old',
] as const;
export type LineRule = (typeof LINE_RULES)[number];

/** Why a line is not a request. Holds nothing of the line, which has an address in it. */
export interface LineFault {
  readonly rule: LineRule;
}

/** Tells a fault from a line that was understood. */
export function isLineFault(line: object): line is LineFault {
  return 'rule' in line;
}
