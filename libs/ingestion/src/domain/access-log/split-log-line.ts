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

/** The line again, without the values of some variables. */
export function joinLogLine(
  values: readonly string[],
  { lead, variables }: LogFormat,
  isLeftOut: (index: number) => boolean,
): string {
  let line = lead;
  for (const [index, { until }] of variables.entries())
    line += (isLeftOut(index) ? '' : (values[index] ?? '')) + until;
  return line;
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
