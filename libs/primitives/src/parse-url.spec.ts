import { expect, test } from '@jest/globals';
import { parseUrl } from './parse-url.js';

test('a URL with letters beyond ASCII is one, also after very many calls', () => {
  const text = 'https://blog.r\xe9sum\xe9.example/a"b';
  let refused = 0;
  for (let n = 0; n < 300_000; n += 1)
    if (parseUrl(n % 2 === 0 ? text : 'https://a.example/') === undefined) refused += 1;
  expect(refused).toBe(0);
});

test('text that is no URL is undefined, and a base completes what is relative', () => {
  expect(parseUrl('no address')).toBeUndefined();
  expect(parseUrl('/feed.xml', 'https://a.example/b')?.href).toBe('https://a.example/feed.xml');
});
