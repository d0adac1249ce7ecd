import { expect, test } from '@jest/globals';
import { stripPrefixes } from './strip-prefixes.js';

const NONE: ReadonlySet<string> = new Set();

test.each([
  ['https://op3.dev/e/https%3A%2F%2Fa.example%2F1.mp3', 'https://a.example/1.mp3'],
  ['https://op3.dev/e/https:/a.example/1.mp3', 'https://a.example/1.mp3'],
  ['https://op3.dev/e/http/a.example/1.mp3', 'http://a.example/1.mp3'],
  ['https://play.podtrac.com/npr-1/a.example/1.mp3', 'https://a.example/1.mp3'],
])('%s leads to %s', (url, target) => {
  expect(stripPrefixes(new URL(url), NONE).target.href).toBe(target);
});

test.each([
  'https://op3.dev/e/',
  'https://op3.dev/e/1.mp3',
  'https://op3.dev/e/redirect.ogg/x',
  'https://op3.dev/e/https%3A%2F%2Fa%ZZ',
  'https://a.example/op3.dev/e/b.example/1.mp3',
  'https://notop3.dev/e/a.example/1.mp3',
])('%s is its own target', (url) => {
  expect(stripPrefixes(new URL(url), NONE)).toEqual({ target: new URL(url), prefixes: [] });
});

test('a chain without end is followed 16 times', () => {
  const { prefixes } = stripPrefixes(new URL(`https://${'op3.dev/e/'.repeat(200)}a.example/1.mp3`), NONE);
  expect(prefixes).toHaveLength(16);
});
