import { expect, test } from '@jest/globals';
import { playlistDirectories } from './playlist-directories.js';

test.each([
  ['cdn.example/show/1/seg/7.ts', ['cdn.example/show/1/seg/', 'cdn.example/show/1/', 'cdn.example/show/']],
  ['cdn.example/7.ts', []],
  ['cdn.example/', []],
  ['cdn.example/a//7.ts', ['cdn.example/a//', 'cdn.example/a/']],
])('the directories of %s', (file, directories) => {
  expect(playlistDirectories(file)).toEqual(directories);
});
