import { registerDecorator, type ValidationOptions } from 'class-validator';

/** Deeper objects could be stored, but not be serialised again: every level costs stack. */
const MAX_DEPTH = 32;

/**
 * Refuses text that PostgreSQL cannot store: the character NUL and halves of surrogate pairs. In an object or a list,
 * every key and every text inside is looked at, up to 32 levels; deeper ones are refused. What is no text passes: other
 * rules judge types.
 */
export function IsStorableText(options?: ValidationOptions): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isStorableText',
      target: target.constructor,
      propertyName: String(property),
      ...(options && { options }),
      validator: {
        validate: isStorable,
        defaultMessage: () =>
          '$property must not contain the character NUL (U+0000), half of a surrogate pair or more than 32 levels',
      },
    });
}

/** Walks with a list instead of recursion, so that deep nesting costs no stack here. */
function isStorable(value: unknown): boolean {
  const pending = [{ value, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value: found, depth } = next;
    if (typeof found === 'string' && !isStorableString(found)) return false;
    if (typeof found !== 'object' || found === null) continue;
    if (depth === MAX_DEPTH) return false;
    for (const inner of Object.entries(found).flat()) pending.push({ value: inner, depth: depth + 1 });
  }
  return true;
}

function isStorableString(text: string): boolean {
  // With the u flag a whole pair is one character, so only lone halves match.
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
