import { describe, expect, test } from '@jest/globals';
import { readEpisodeFile, type EpisodeFileRecord } from './episode-file.js';

const USUAL: EpisodeFileRecord = {
  host: 'CDN.example',
  path: '/2026/1.mp3',
  file_bytes: '14445000',
  header_bytes: '45000',
  duration_seconds: '900',
};
const read = (change: EpisodeFileRecord = {}, host: string | null = null) =>
  readEpisodeFile({ ...USUAL, ...change }, { host, ownHosts: new Set(['track.example']) });

test('reads a line', () => {
  expect(read()).toEqual({
    url: 'https://cdn.example/2026/1.mp3',
    mediaKey: 'cdn.example/2026/1.mp3',
    fileBytes: 14_445_000,
    headerBytes: 45_000,
    durationSeconds: 900,
    segmentMs: null,
  });
});

describe('the file is named', () => {
  test.each([
    [{ url: 'https://op3.dev/e/cdn.example/2.mp3?a=b' }, 'cdn.example/2.mp3'],
    [{ url: 'https://track.example/cdn.example/2.mp3' }, 'cdn.example/2.mp3'],
    [{ host: '' }, 'other.example/2026/1.mp3'],
    [{ host: 'cdn.example:8443' }, 'cdn.example:8443/2026/1.mp3'],
    [{ path: '/a b.mp3' }, 'cdn.example/a%20b.mp3'],
  ])('%j', (change, key) => {
    expect(read(change, 'other.example')).toMatchObject({ mediaKey: key });
  });
});

test('what is left out stays unknown', () => {
  expect(read({ file_bytes: '', header_bytes: '', duration_seconds: '', segment_ms: '4000' })).toMatchObject({
    fileBytes: null,
    headerBytes: null,
    durationSeconds: null,
    segmentMs: 4_000,
  });
});

test('durations are whole seconds, however they are written', () => {
  expect(read({ duration_seconds: '1782.43' })).toMatchObject({ durationSeconds: 1_782 });
  expect(read({ duration_seconds: '29:42' })).toMatchObject({ durationSeconds: 1_782 });
});

test.each([
  [{ host: '' }, /url, or a path and a host/],
  [{ path: '2026/1.mp3' }, /url, or a path and a host/],
  [{ url: 'ftp://cdn.example/1.mp3' }, /url, or a path and a host/],
  [{ file_bytes: '1e6' }, /file_bytes/],
  [{ file_bytes: '99999999999999999' }, /file_bytes/],
  [{ header_bytes: '-1' }, /header_bytes/],
  [{ header_bytes: '14445001' }, /more than file_bytes/],
  [{ duration_seconds: 'long' }, /duration/],
  [{ segment_ms: '0' }, /segment_ms/],
])('%j is a fault', (change, message) => {
  expect(read(change)).toMatch(message);
});
