import { describe, expect, it } from '@jest/globals';
import { matchesEtag } from './matches-etag.js';
import { questionText } from './question-text.js';

describe('an If-None-Match header', () => {
  it.each([
    [undefined, false],
    ['', false],
    ['W/"abc"', true],
    ['"abc"', true],
    ['"x", W/"abc" , "y"', true],
    ['*', true],
    ['W/"abcd"', false],
    ['abc', false],
  ])('%s matches W/"abc": %s', (header, expected) => {
    expect(matchesEtag(header, 'W/"abc"')).toBe(expected);
  });
});

describe('the text of a question', () => {
  it('does not depend on the order of its parameters', () => {
    expect(questionText('/v1/a?x=1&y=2', { x: '1', y: '2' })).toBe(
      questionText('/v1/a?y=2&x=1', { y: '2', x: '1' }),
    );
  });

  it('tells apart paths, values, repeated values and what is written into one', () => {
    const texts = [
      questionText('/v1/a', { x: '1' }),
      questionText('/v1/b', { x: '1' }),
      questionText('/v1/a', { x: '2' }),
      questionText('/v1/a', { x: ['1', '2'] }),
      questionText('/v1/a', { x: ['2', '1'] }),
      questionText('/v1/a', { x: '1","2' }),
      questionText('/v1/a', {}),
    ];
    expect(new Set(texts).size).toBe(texts.length);
  });
});
