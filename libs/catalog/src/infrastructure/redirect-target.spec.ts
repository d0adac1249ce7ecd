import { expect, test } from '@jest/globals';
import { redirectTarget } from './redirect-target.js';

const FROM = new URL('https://feeds.example/show/rss.xml');

test.each([
  [301, '/new.xml', 'https://feeds.example/new.xml', true],
  [302, 'new.xml#top', 'https://feeds.example/show/new.xml', false],
  [303, 'https://other.example/', 'https://other.example/', false],
  [307, '//other.example/x', 'https://other.example/x', false],
  [308, Buffer.from('/é.xml').toString('latin1'), 'https://feeds.example/%C3%A9.xml', true],
])('%d to %s leads to %s', (status, location, url, permanent) => {
  const redirect = redirectTarget(FROM, status, location);
  expect(redirect?.url.href).toBe(url);
  expect(redirect?.permanent).toBe(permanent);
});

test.each([200, 206, 300, 304, 305, 404])('%d is no redirect', (status) => {
  expect(redirectTarget(FROM, status, '/x')).toBeNull();
});

test.each([
  undefined,
  '',
  'http://[',
  '/\\evil.example',
  'http://feeds.example/',
  'file:///etc/passwd',
  'javascript:1',
])('from https, %s is refused', (location) => {
  expect(() => redirectTarget(FROM, 302, location)).toThrow(
    expect.objectContaining({ code: 'feed_redirects' }),
  );
});
