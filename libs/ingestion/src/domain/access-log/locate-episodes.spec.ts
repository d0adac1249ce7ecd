import { describe, expect, test } from '@jest/globals';
import { hlsFile } from './hls-file.js';
import { type EpisodeFile, locateEpisodes, type LogHosts } from './locate-episodes.js';

const FILES: EpisodeFile[] = [
  'cdn.example/1.mp3',
  'cdn.example/hls/one/master.m3u8',
  'cdn.example/hls/one/bonus/talk.mp3',
].map((mediaKey) => ({ episodeId: mediaKey, mediaKey, segmentMs: null }));
const NO_HOSTS: LogHosts = { missing: null, aliases: new Map() };
const find = (host: string | null, path: string, hosts: LogHosts = NO_HOSTS, files = FILES) =>
  locateEpisodes(files, hosts)({ host, path });

test('an episode is found by host and exact path', () => {
  expect(find('cdn.example', '/1.mp3')).toEqual({ episodeId: 'cdn.example/1.mp3', hls: null });
  expect(find('cdn.example', '/1.MP3')).toBeUndefined();
  expect(find('cdn.example', '/1.mp3/')).toBeUndefined();
  expect(find('other.example', '/1.mp3')).toBeUndefined();
  expect(find(null, '/1.mp3')).toBeUndefined();
});

test('the operator names a missing host and a CDN’s own', () => {
  const aliases = new Map([['d111.cloudfront.net', 'cdn.example']]);
  expect(find(null, '/1.mp3', { ...NO_HOSTS, missing: 'CDN.example' })?.episodeId).toBe('cdn.example/1.mp3');
  expect(find('d111.cloudfront.net', '/1.mp3', { ...NO_HOSTS, aliases })?.episodeId).toBe(
    'cdn.example/1.mp3',
  );
  expect(find(null, '/1.mp3', { missing: 'd111.cloudfront.net', aliases })?.episodeId).toBe(
    'cdn.example/1.mp3',
  );
});

describe('HLS', () => {
  const one = 'cdn.example/hls/one/master.m3u8';
  test('a playlist owns what lies below its directory', () => {
    expect(find('cdn.example', '/hls/one/master.m3u8')).toEqual({
      episodeId: one,
      hls: { kind: 'playlist' },
    });
    expect(find('cdn.example', '/hls/one/720p.m3u8')?.hls).toEqual({ kind: 'playlist' });
    expect(find('cdn.example', '/hls/one/720p/seg00012.ts')).toEqual({
      episodeId: one,
      hls: { kind: 'segment', position: 12, durationMs: 6_000 },
    });
    expect(find('cdn.example', '/hls/two/seg00012.ts')).toBeUndefined();
    expect(find('cdn.example', '/hls/one')).toBeUndefined();
    expect(find('other.example', '/hls/one/seg1.ts')).toBeUndefined();
  });

  test('but not another episode’s file', () => {
    expect(find('cdn.example', '/hls/one/bonus/talk.mp3')?.hls).toBeNull();
  });

  test('the nearest playlist owns', () => {
    const files = [
      ...FILES,
      { episodeId: 'inner', mediaKey: 'cdn.example/hls/one/bonus/x.m3u8', segmentMs: 4_000 },
    ];
    const found = find('cdn.example', '/hls/one/bonus/s3.m4s', NO_HOSTS, files);
    expect(found).toEqual({ episodeId: 'inner', hls: { kind: 'segment', position: 3, durationMs: 4_000 } });
  });

  test('two playlists in one directory own only themselves', () => {
    const files = ['cdn.example/a.m3u8', 'cdn.example/b.m3u8'].map((mediaKey) => ({
      episodeId: mediaKey,
      mediaKey,
      segmentMs: null,
    }));
    expect(find('cdn.example', '/a.m3u8', NO_HOSTS, files)?.episodeId).toBe('cdn.example/a.m3u8');
    expect(find('cdn.example', '/seg1.ts', NO_HOSTS, files)).toBeUndefined();
  });

  test.each([
    ['/seg00000.ts', 0],
    ['/720p_00012.m4s', 12],
    ['/video1/chunk-3-final.mp4', 3],
    ['/1792022400123.aac', 22_400_123],
    ['/init.mp4', null],
    ['/init-0.mp4', null],
    ['/video.mp4', null],
    ['/subtitles_3.vtt', null],
    ['/key3', null],
    ['/index3.m3u8', null],
  ])('%s', (path, position) => {
    const file = hlsFile(path, null);
    expect(file.kind === 'segment' ? file.position : null).toBe(position);
  });
});
