import { expect, test } from '@jest/globals';
import { mediaHosts } from './media-hosts.js';

test('the hosts of files, each once', () => {
  const keys = ['cdn.example/1.mp3', 'cdn.example/2.mp3', 'cdn.example:8443/a/b.mp3', 'media.example/'];
  expect(mediaHosts(keys)).toEqual(['cdn.example', 'cdn.example:8443', 'media.example']);
});

test.each(['', 'cdn.example', 'op3.dev/e/', `${'x'.repeat(254)}/1.mp3`])('%p has none', (key) => {
  expect(mediaHosts([key])).toEqual([]);
});
