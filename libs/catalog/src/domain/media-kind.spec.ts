import { expect, test } from '@jest/globals';
import { mediaKind } from './media-kind.js';

test.each([
  ['audio/mpeg', '/1', 'media'],
  ['video/mp4', '/1.mp4', 'media'],
  ['application/vnd.apple.mpegurl', '/1.m3u8', 'media'],
  [null, '/1.mp3', 'media'],
  ['text/html', '/1.mp3', 'odd'],
  ['application/octet-stream', '/1', 'odd'],
  [null, '/play/1', 'odd'],
  [null, '/map.pdf', 'other'],
  ['application/pdf', '/map', 'other'],
  ['image/jpeg', '/1.jpg', 'other'],
] as const)('%s at %s is %s', (type, path, kind) => {
  expect(mediaKind(type, path)).toBe(kind);
});
