import type { LogFormat } from './compile-log-format.js';

/** The values of a line as they stand in it, one for each variable; undefined when the line has another form. */
export function splitLogLine(line: string, { lead, variables }: LogFormat): string[] | undefined {
  if (!line.startsWith(lead)) return undefined;
  const values: string[] = [];
  let at = lead.length;
  for (const { until } of variables) {
    const end = until === '' ? line.length : endOfValue(line, until, at);
    if (end < 0) return undefined;
    values.push(line.slice(at, end));
    at = end + until.length;
  }
  return at === line.length ? values : undefined;
}

/**
 * The line without the values of some variables. Only they are cut out of it: to put a line together again from all its
 * parts costs more than to take it apart.
 * @param values as {@link splitLogLine} found them in the line
 */
export function cutLogLine(
  line: string,
  values: readonly string[],
  { lead, variables }: LogFormat,
  isLeftOut: (index: number) => boolean,
): string {
  let kept = '';
  let [from, at, index] = [0, lead.length, 0];
  for (const { until } of variables) {
    const end = at + (values[index]?.length ?? 0);
    if (isLeftOut(index)) {
      kept += line.slice(from, at);
      from = end;
    }
    at = end + until.length;
    index += 1;
  }
  return kept + line.slice(from);
}

/** Where the text comes that ends a value. A quote that a backslash escapes is part of the value. */
function endOfValue(line: string, until: string, from: number): number {
  let end = line.indexOf(until, from);
  if (until[0] !== '"') return end;
  while (end > 0 && isEscaped(line, end, from)) end = line.indexOf(until, end + 1);
  return end;
}

function isEscaped(line: string, at: number, from: number): boolean {
  let backslashes = 0;
  while (at - backslashes > from && line[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
