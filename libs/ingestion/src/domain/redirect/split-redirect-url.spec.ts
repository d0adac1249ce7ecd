import { describe, expect, test } from '@jest/globals';
import { splitRedirectUrl } from './split-redirect-url.js';

describe('the request target of a redirect', () => {
  test('is split without decoding anything', () => {
    const destination = 'https://cdn.example/a%20b%ZZ.mp3?sig=%2F%2f&x=/r/other/y';
    expect(splitRedirectUrl(`/r/my-show/${destination}`)).toEqual({ handle: 'my-show', destination });
  });

  test.each([
    '/r/',
    '/r/show',
    '/r/show/',
    '/r//cdn.example/1.mp3',
    '/r/Show/cdn.example/1.mp3',
    '/r/sh/cdn.example/1.mp3',
    '/r/-show/cdn.example/1.mp3',
    '/r/sh%6fw/cdn.example/1.mp3',
    '/R/show/cdn.example/1.mp3',
    '//r/show/cdn.example/1.mp3',
    'http://tracker.example/r/show/cdn.example/1.mp3',
    '/v1/r/show/cdn.example/1.mp3',
    `/r/${'s'.repeat(65)}/cdn.example/1.mp3`,
    `/r/show/cdn.example/${'x'.repeat(8_192)}`,
  ])('is none of %p', (target) => {
    expect(splitRedirectUrl(target)).toBeUndefined();
  });
});
