/** A named part of a statement: what stands behind `name AS`. */
export interface StatementPart {
  name: string;
  body: string;
}

/** A statement that begins with WITH, taken apart. */
export interface SplitStatement {
  parts: StatementPart[];
  /** What follows the last named part. */
  end: string;
}

const NAMED = /^\s*,?\s*([a-z_][a-z0-9_]*)\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(/i;

/** Takes a statement of ours apart that begins with WITH, without RECURSIVE and lists of columns; undefined for any other. */
export function splitStatement(text: string): SplitStatement | undefined {
  const start = /^\s*WITH\s/i.exec(text);
  if (start === null) return undefined;
  const parts: StatementPart[] = [];
  let rest = text.slice(start[0].length);
  for (let named = NAMED.exec(rest); named !== null; named = NAMED.exec(rest)) {
    const closed = closingBracket(rest, named[0].length);
    parts.push({ name: named[1] as string, body: rest.slice(named[0].length, closed) });
    rest = rest.slice(closed + 1);
  }
  return parts.length === 0 ? undefined : { parts, end: rest };
}

/** Where the bracket closes that was opened before `from`. Brackets in quotes and comments do not count. */
function closingBracket(text: string, from: number): number {
  const tokens = /'[^']*'|"[^"]*"|--[^\n]*|[()]/g;
  tokens.lastIndex = from;
  let depth = 1;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '(') depth += 1;
    if (token[0] === ')') depth -= 1;
    if (depth === 0) return token.index;
  }
  throw new Error('a bracket of the statement is never closed');
}
