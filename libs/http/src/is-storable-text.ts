import { registerDecorator, type ValidationOptions } from 'class-validator';

/**
 * Refuses text that PostgreSQL cannot store: the character NUL and halves of surrogate pairs. In an object or a list,
 * every key and every text inside is looked at. What is no text passes: other rules judge types.
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
          '$property must not contain the character NUL (U+0000) or half of a surrogate pair',
      },
    });
}

/** Walks with a list instead of recursion, so that deep nesting costs no stack. */
function isStorable(value: unknown): boolean {
  const pending = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string' && !isStorableString(next)) return false;
    if (typeof next === 'object' && next !== null) {
      for (const [key, inner] of Object.entries(next)) pending.push(key, inner);
    }
  }
  return true;
}

function isStorableString(text: string): boolean {
  // With the u flag a whole pair is one character, so only lone halves match.
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}
