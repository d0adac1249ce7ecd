import { DomainError } from '@lib/primitives';
import { cloudFrontParser } from './cloudfront-parser.js';
import { compileLogFormat, NAMED_FORMATS } from './compile-log-format.js';
import { isLineFault } from './line-fault.js';
import type { LineParser } from './line-parser.js';
import { ndjsonParser } from './ndjson-parser.js';
import { templateParser } from './template-parser.js';

/** Makes a parser for each file of one format. */
export type LogFormatReader = () => LineParser;

/**
 * The format that a name or a format string stands for: `cloudfront`, `ndjson`, the named ones, or text with variables.
 * @throws DomainError `log_format_invalid`
 */
export function openLogFormat(format: string): LogFormatReader {
  if (format === 'cloudfront') return cloudFrontParser;
  if (format === 'ndjson') return ndjsonParser;
  const template = compileLogFormat(NAMED_FORMATS[format] ?? format);
  return () => templateParser(template);
}

const DETECTED = ['cloudfront', 'ndjson', 'combined_range', 'combined', 'common'];

/**
 * The name of the format that most of the first lines of a file have, as one that {@link openLogFormat} knows; undefined
 * when none of them has any.
 * @param lines the first lines of a file, headers included; a hundred are enough
 */
export function detectLogFormat(lines: readonly string[]): string | undefined {
  let [best, most]: [string | undefined, number] = [undefined, 0];
  for (const name of DETECTED) {
    const parse = openLogFormat(name)();
    const understood = lines.map(parse).filter((line) => line !== null && !isLineFault(line)).length;
    if (understood > most) [best, most] = [name, understood];
  }
  return best;
}

/** @throws DomainError `log_format_unknown` when the lines are of none of the formats that go by a name */
export function requireLogFormat(lines: readonly string[]): string {
  const name = detectLogFormat(lines);
  if (name !== undefined) return name;
  throw new DomainError(
    'log_format_unknown',
    400,
    'The format of this log cannot be told from its first lines: name it, or give its log_format.',
  );
}
