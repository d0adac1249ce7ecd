import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { frameLine, readFramedLines } from './frame-line.js';

const text = fc.string({ unit: 'grapheme' }).map((value) => JSON.stringify(value));

describe('framed lines', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(readFramedLines(texts.map(frameLine).join(''))).toEqual({ lines: texts, damaged: 0 });
      }),
    );
  });

  test('that were cut anywhere come back up to the cut', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (texts, share) => {
          const whole = texts.map(frameLine).join('');
          const kept = whole.slice(0, Math.floor(share * whole.length));
          const complete = kept.split('\n').length - 1;
          expect(readFramedLines(kept)).toEqual({ lines: texts.slice(0, complete), damaged: 0 });
        },
      ),
    );
  });

  test('that were changed are left out and counted', () => {
    const file = ['"one"', '"two"', '"three"'].map(frameLine).join('');
    expect(readFramedLines(file.replace('two', 'twp'))).toEqual({ lines: ['"one"', '"three"'], damaged: 1 });
    expect(readFramedLines(`\n${'\0'.repeat(20)}\n${file}`)).toEqual({
      lines: ['"one"', '"two"', '"three"'],
      damaged: 2,
    });
  });
});
