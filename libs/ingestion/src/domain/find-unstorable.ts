import { reject, type Rejection } from './rejection.js';

const MAX_DEPTH = 32;

/**
 * The first thing in a parsed JSON value that could not be stored and read back unchanged: nesting beyond 32 levels, a
 * NUL character, half of a surrogate pair, a number that is not finite or an integer beyond 2^53 − 1. Looks at keys too.
 * Walks without recursion, so that depth cannot exhaust the stack.
 */
export function findUnstorable(value: unknown): Rejection | undefined {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const fault = judge(next.value, next.path, next.depth);
    if (fault !== undefined) return fault;
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [key, child] of Object.entries(next.value)) {
      const path = `${next.path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const badKey = judgeText(key, next.path);
      if (badKey !== undefined) return badKey;
      if (key === '__proto__')
        return reject('unknown_field', next.path, 'a field may not be named __proto__');
      open.push({ value: child, path, depth: next.depth + 1 });
    }
  }
  return undefined;
}

function judge(value: unknown, path: string, depth: number): Rejection | undefined {
  if (depth > MAX_DEPTH)
    return reject('too_deep', '', `values may be nested at most ${MAX_DEPTH} levels deep`);
  if (typeof value === 'string') return judgeText(value, path);
  if (typeof value === 'number') return judgeNumber(value, path);
  return undefined;
}

function judgeText(text: string, path: string): Rejection | undefined {
  if (text.includes('\u0000'))
    return reject('nul_byte', safe(path), 'text may not contain the NUL character');
  if (!text.isWellFormed()) return reject('lone_surrogate', safe(path), 'text must be well-formed Unicode');
  return undefined;
}

function judgeNumber(value: number, path: string): Rejection | undefined {
  if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) return undefined;
  return reject(
    'number_range',
    safe(path),
    'numbers must be finite and integers within ±(2^53 − 1); send larger ones as text',
  );
}

/** A path that may itself hold what is refused cannot be echoed. */
function safe(path: string): string {
  return path.length > 200 || path.includes('\u0000') ? '' : path.toWellFormed();
}
