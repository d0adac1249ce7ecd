import { reject, type Rejection } from './rejection.js';

const MAX_DEPTH = 32;

/**
 * The first thing in a parsed JSON value that could not be stored and read back unchanged: nesting beyond 32 levels, a
 * NUL character, half of a surrogate pair, a number that is not finite or an integer beyond 2^53 − 1. Looks at keys too.
 * Goes no deeper than it allows, so that nesting cannot exhaust the stack.
 */
export function findUnstorable(value: unknown): Rejection | undefined {
  const fault = search(value, 0);
  return fault && { ...fault, field: safe(fault.field) };
}

/** A fault's field is relative to `value`: paths are only put together on the way back from a fault. */
function search(value: unknown, depth: number): Rejection | undefined {
  if (depth > MAX_DEPTH)
    return reject('too_deep', '', `values may be nested at most ${MAX_DEPTH} levels deep`);
  if (typeof value === 'string') return judgeText(value);
  if (typeof value === 'number') return judgeNumber(value);
  if (typeof value !== 'object' || value === null) return undefined;
  // Not Object.keys: it costs a list for each object, and parsed JSON inherits nothing that could be enumerated.
  for (const key in value) {
    const fault = judgeKey(key) ?? below(key, search((value as Record<string, unknown>)[key], depth + 1));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function below(key: string, fault: Rejection | undefined): Rejection | undefined {
  if (fault === undefined || fault.code === 'too_deep') return fault;
  return { ...fault, field: `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${fault.field}` };
}

function judgeKey(key: string): Rejection | undefined {
  if (key === '__proto__') return reject('unknown_field', '', 'a field may not be named __proto__');
  return judgeText(key);
}

function judgeText(text: string): Rejection | undefined {
  if (text.includes('\u0000')) return reject('nul_byte', '', 'text may not contain the NUL character');
  if (!text.isWellFormed()) return reject('lone_surrogate', '', 'text must be well-formed Unicode');
  return undefined;
}

function judgeNumber(value: number): Rejection | undefined {
  if (Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))) return undefined;
  return reject(
    'number_range',
    '',
    'numbers must be finite and integers within ±(2^53 − 1); send larger ones as text',
  );
}

/** A path that may itself hold what is refused cannot be echoed. */
function safe(path: string): string {
  return path.length > 200 || path.includes('\u0000') ? '' : path.toWellFormed();
}
