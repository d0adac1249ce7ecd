import { describe, expect, test } from '@jest/globals';
import { ListRejected, type ListRejectedCode } from '../domain/classification/list.errors.js';
import { parseListFile } from './parse-list-file.js';

const parse = (value: unknown, file: Parameters<typeof parseListFile>[0] = 'apps') =>
  parseListFile(file, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const entries = (...list: unknown[]) => ({ entries: list });

test('keeps what decides, and leaves out what is for people', () => {
  const entry = {
    name: 'Lanternfish',
    pattern: '^Lanternfish/',
    catchAll: true,
    examples: ['Lanternfish/1'],
    comments: 'An invented app.',
    urls: ['https://lanternfish.example'],
    svg: 'x.svg',
    new_field: true,
  };
  expect(parse({ comments: ['hello'], entries: [entry] })).toEqual([
    { name: 'Lanternfish', pattern: '^Lanternfish/', catchAll: true, examples: ['Lanternfish/1'] },
  ]);
});

describe('is refused', () => {
  const fine = { name: 'a', pattern: 'a' };
  test.each<[string, unknown, ListRejectedCode, string]>([
    ['no JSON', '{', 'list_unreadable', 'apps'],
    ['another shape', [], 'list_invalid', 'object'],
    ['no entries', {}, 'list_invalid', 'entries'],
    ['an empty list of entries', entries(), 'list_empty', 'apps'],
    ['no name', entries({ pattern: 'a' }), 'list_invalid', 'name'],
    ['no pattern', entries({ name: 'a' }), 'list_invalid', 'pattern'],
    [
      'an empty pattern, which would match everything',
      entries({ name: 'a', pattern: '' }),
      'list_invalid',
      '',
    ],
    ['a pattern that is no text', entries({ name: 'a', pattern: ['a'] }), 'list_invalid', 'string'],
    ['a catch-all in words', entries({ ...fine, catchAll: 'yes' }), 'list_invalid', 'boolean'],
    ['a long pattern', entries({ name: 'a', pattern: 'a'.repeat(2_001) }), 'list_invalid', 'pattern'],
    ['two of one name', entries(fine, { ...fine, pattern: 'b' }), 'list_invalid', 'twice'],
    ['a category', entries({ ...fine, category: 'bot' }), 'list_invalid', 'category bot'],
    ['a name that breaks lines', entries({ ...fine, name: 'a\nb' }), 'list_invalid', 'shown'],
    ['half a character', entries({ ...fine, name: 'a\ud800' }), 'list_invalid', 'shown'],
    ['an impossible date', entries({ ...fine, until: '2026-02-30' }), 'list_invalid', 'date'],
    [
      'dates the wrong way round',
      entries({ ...fine, from: '2026-02-01', until: '2026-01-01' }),
      'list_invalid',
      'ends',
    ],
    ['too many entries', entries(...Array.from({ length: 5_001 }, () => fine)), 'list_invalid', '5000'],
    ['too many bytes', ' '.repeat(4 * 1024 * 1024 + 1), 'list_too_large', 'bytes'],
    ['deep nesting', '['.repeat(200_000), 'list_unreadable', 'apps'],
  ])('%s', (_, value, code, message) => {
    expect(() => parse(value)).toThrow(ListRejected);
    expect(() => parse(value)).toThrow(expect.objectContaining({ code }));
    expect(() => parse(value)).toThrow(message);
  });

  test('other bytes than UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('{"entries":[]'), Buffer.from([0xff]), Buffer.from('}')]);
    expect(() => parseListFile('apps', bytes)).toThrow('UTF-8');
  });
});

test.each([
  ['libraries', 'bot'],
  ['devices', 'watch'],
  ['referrers', 'host'],
  ['referrers', 'deny'],
] as const)('%s may have the category %s', (file, category) => {
  expect(parse(entries({ name: 'a', pattern: 'a', category }), file)).toMatchObject([{ category }]);
});
