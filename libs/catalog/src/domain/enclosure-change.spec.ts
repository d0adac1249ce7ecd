import { describe, expect, test } from '@jest/globals';
import { enclosureChange } from './enclosure-change.js';

const FILE = 'cdn.example.com/show/1.mp3';
const change = (before: string, after: string) => enclosureChange(before, after, new Set(['track.example']));

describe('a change of the way to the same file', () => {
  test.each([
    ['a prefix is added', `https://${FILE}`, `https://op3.dev/e/${FILE}`, [], ['op3.dev']],
    ['a prefix is removed', `https://op3.dev/e/${FILE}`, `https://${FILE}`, ['op3.dev'], []],
    ['an own prefix is added', `https://${FILE}`, `https://track.example/r/x/${FILE}`, [], ['track.example']],
    [
      'prefixes change places',
      `https://op3.dev/e/pdst.fm/e/${FILE}`,
      `https://pdst.fm/e/op3.dev/e/${FILE}`,
      ['op3.dev', 'pdst.fm'],
      ['pdst.fm', 'op3.dev'],
    ],
    [
      'the account of a prefix changes',
      `https://chrt.fm/track/A1/${FILE}`,
      `https://chrt.fm/track/B2/${FILE}`,
      ['chrt.fm'],
      ['chrt.fm'],
    ],
  ])('%s', (_, before, after, prefixesBefore, prefixesAfter) => {
    expect(change(before, after)).toEqual({
      kind: 'prefix_changed',
      changed: ['prefixes'],
      before: { host: 'cdn.example.com', prefixes: prefixesBefore },
      after: { host: 'cdn.example.com', prefixes: prefixesAfter },
    });
  });
});

test('a prefix together with another scheme is still another way to the same file', () => {
  expect(change(`http://${FILE}`, `https://op3.dev/e/${FILE}`)).toMatchObject({
    kind: 'prefix_changed',
    changed: ['scheme', 'prefixes'],
  });
});

describe('any other change', () => {
  test.each([
    ['another host', `https://${FILE}`, 'https://new.example.com/show/1.mp3', 'new.example.com', ['host']],
    ['another path', `https://${FILE}`, 'https://cdn.example.com/show/2.mp3', 'cdn.example.com', ['path']],
    ['another scheme', `http://${FILE}`, `https://${FILE}`, 'cdn.example.com', ['scheme']],
    ['a parameter more', `https://${FILE}`, `https://${FILE}?from=feed`, 'cdn.example.com', ['query']],
    [
      'a new host behind a new prefix',
      `https://${FILE}`,
      'https://op3.dev/e/b.example/1.mp3',
      'b.example',
      ['prefixes', 'host', 'path'],
    ],
  ])('%s', (_, before, after, host, changed) => {
    expect(change(before, after)).toMatchObject({
      kind: 'enclosure_changed',
      changed,
      before: { host: 'cdn.example.com', prefixes: [] },
      after: { host },
    });
  });
});

test.each([
  ['the same address', `https://${FILE}`, `https://${FILE}`],
  ['another signature', `https://${FILE}?Expires=1&Signature=a`, `https://${FILE}?Signature=b&Expires=2`],
  ['an address that is none', 'none', `https://${FILE}`],
])('%s is no change', (_, before, after) => {
  expect(change(before, after)).toBeNull();
});
