import { describe, expect, test } from '@jest/globals';
import { validateSync } from 'class-validator';
import { IsStorableText } from './is-storable-text.js';

class Input {
  @IsStorableText() text: unknown;
}

function faults(text: unknown): string[] {
  return validateSync(Object.assign(new Input(), { text })).flatMap(({ constraints }) =>
    Object.values(constraints ?? {}),
  );
}

describe('IsStorableText', () => {
  test.each([
    ['plain text', 'Grüße, 你好'],
    ['a whole surrogate pair', '🎙️'],
    ['control characters that PostgreSQL stores', '\u0001\t\n'],
    ['nested values', { a: [1, null, { b: 'c' }] }],
    ['other types', 7],
    ['null', null],
  ])('lets %s pass', (_, value) => {
    expect(faults(value)).toEqual([]);
  });

  test.each([
    ['NUL', 'a\0b'],
    ['a high half alone', 'a\ud83c'],
    ['a low half alone', '\udf99b'],
    ['halves in the wrong order', '\udf99\ud83c'],
    ['NUL in a list', [['\0']]],
    ['NUL in a key', { a: { 'k\0': 1 } }],
  ])('refuses %s and names the field', (_, value) => {
    expect(faults(value)).toEqual([expect.stringMatching(/^text must not contain/)]);
  });

  test('refuses what is nested too deep, without using up the stack', () => {
    const nested = (levels: number): unknown =>
      Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 1);
    expect(faults(nested(32))).toEqual([]);
    expect(faults(nested(33))).toHaveLength(1);
    expect(faults(nested(100_000))).toHaveLength(1);
  });
});
