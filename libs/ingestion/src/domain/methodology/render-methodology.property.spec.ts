import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeMarkdown } from './escape-markdown.js';
import type { Methodology } from './methodology.js';
import { renderMethodology } from './render-methodology.js';

/** What people write, and what they write to break a page. */
const written = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    ...[
      '| a | b |',
      '\n# Heading',
      '<script>alert(1)</script>',
      '[x](javascript:alert(1))',
      '![x](//e)',
      '1. one',
    ],
    ...[
      '- item',
      '=====',
      '`code`',
      '**bold**',
      '&lt;',
      'a\\',
      '\u2028## b',
      'https://e.example',
      'www.e.example',
      '_www.e.example',
      '$x$',
    ],
  ),
);

const SAFE = 'plain';
const document = (text: string): Methodology => ({
  title: text,
  statement: text,
  generatedAt: new Date(0),
  ruleSetVersion: text,
  sections: [
    {
      id: 'a',
      title: text,
      paragraphs: [text],
      facts: [{ label: text, value: text }],
      table: { columns: [text, text], rows: [[text, text]] },
    },
  ],
  divergences: [],
  findings: [],
});

/** How a page is built, without its words: kinds of lines, and the borders of the cells in each. */
const shape = (markdown: string) =>
  markdown.split('\n').map((line) => [/^(#+ |- |\||\d+[.)] |=|>|`{3}|$)/.exec(line)?.[1], borders(line)]);
const borders = (line: string) => line.replace(/\\./g, '¤').split('|').length;

/** Reads escaped text as CommonMark does. */
const read = (markdown: string) =>
  markdown.replace(
    /\\([!-/:-@[-`{-~])|&(lt|gt|amp);/g,
    (_, sign?: string, entity?: string) => sign ?? { lt: '<', gt: '>', amp: '&' }[entity ?? ''] ?? '',
  );

describe('a rendered description', () => {
  test('is built alike whatever people wrote into it', () => {
    const expected = shape(renderMethodology(document(SAFE)));
    fc.assert(
      fc.property(written, (text) => {
        expect(shape(renderMethodology(document(`${SAFE}${text}`)))).toEqual(expected);
      }),
    );
  });
});

describe('escaped text', () => {
  test('reads as it was written, on one line', () => {
    fc.assert(
      fc.property(written, (text) => {
        const escaped = escapeMarkdown(text);
        expect(read(escaped)).toBe(text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim());
        expect(escaped).not.toMatch(/[\n\r\u2028\u2029]/);
      }),
    );
  });

  test('holds no HTML, no link and no list of its own', () => {
    fc.assert(
      fc.property(written, written, (one, two) => {
        const bare = escapeMarkdown(one + two).replace(/\\./g, '¤');
        expect(bare).not.toMatch(/[<>[\]`*_|#~$]|:\/\/|\bwww\.|^[-+=]|^\d+[.)]( |$)/i);
      }),
    );
  });
});
