import { describe, expect, test } from '@jest/globals';
import { cloudFrontParser } from './cloudfront-parser.js';
import { isLineFault } from './line-fault.js';
import type { LoggedRequest } from './logged-request.js';

/** The columns of a log, with one usual request in them. */
const USUAL: Readonly<Record<string, string>> = {
  date: '2026-10-12',
  time: '05:28:29',
  'x-edge-location': 'YUL62-P4',
  'sc-bytes': '600650',
  'c-ip': '203.0.113.7',
  'cs-method': 'GET',
  'cs(Host)': 'd111.cloudfront.net',
  'cs-uri-stem': '/show/1.mp3',
  'sc-status': '206',
  'cs(Referer)': '-',
  'cs(User-Agent)': 'Pocket%20Casts/8.4.1',
  'cs-uri-query': '-',
  'x-edge-result-type': 'Hit',
  'x-edge-request-id': 'request-1',
  'x-host-header': 'Media.Example',
  'x-forwarded-for': '198.51.100.9',
  'x-edge-response-result-type': 'Hit',
  'sc-content-len': '600000',
  'sc-range-start': '0',
  'sc-range-end': '599999',
};

function parse(change: Record<string, string> = {}, order = Object.keys(USUAL)) {
  const parser = cloudFrontParser();
  expect(parser('#Version: 1.0')).toBeNull();
  expect(parser(`#Fields: ${order.join(' ')}`)).toBeNull();
  const fields: Record<string, string> = { ...USUAL, ...change };
  return parser(order.map((name) => fields[name]).join('\t'));
}

function request(change: Record<string, string> = {}, order?: string[]): LoggedRequest {
  const line = parse(change, order);
  if (line === null || isLineFault(line)) throw new Error(`not a request: ${line?.rule ?? 'header'}`);
  return line.request;
}

const rule = (change: Record<string, string>): string | undefined => {
  const line = parse(change);
  return line !== null && isLineFault(line) ? line.rule : undefined;
};

test('reads a request', () => {
  expect(request()).toEqual({
    occurredAtMs: Date.parse('2026-10-12T05:28:29Z'),
    address: '203.0.113.7',
    method: 'GET',
    host: 'media.example',
    path: '/show/1.mp3',
    query: null,
    status: 206,
    bytesServed: 600_000,
    rangeAsked: null,
    rangeServed: { from: 0, to: 600_000 },
    userAgent: 'Pocket Casts/8.4.1',
    referrer: null,
    requestId: 'request-1',
  });
});

test('columns stand where the last header says', () => {
  expect(request({}, Object.keys(USUAL).reverse())).toEqual(request());
  const parser = cloudFrontParser();
  expect(parser('2026-10-12\t05:28:29')).toEqual({ rule: 'no_columns' });
  expect(parser('#Fields: date time')).toBeNull();
  expect(parser('2026-10-12\t05:28:29')).toEqual({ rule: 'no_columns' });
});

describe('text is decoded exactly once', () => {
  test.each([
    ['%25D0%259F/1.0', '%D0%9F/1.0'],
    ['%D0%9F%D0%BE/1.0', 'По/1.0'],
    ['100%2525%20sure', '100%25 sure'],
    ['50%', '50%'],
    ['%FF', '\uFFFD'],
  ])('%s', (logged, userAgent) => {
    expect(request({ 'cs(User-Agent)': logged }).userAgent).toBe(userAgent);
  });

  test.each([
    ['/a%2520b.mp3', '/a%20b.mp3'],
    ['/%7Eshow/1.mp3', '/~show/1.mp3'],
    ['/a%20b.mp3', '/a%20b.mp3'],
    ['/%C3%A9.mp3', '/%C3%A9.mp3'],
  ])('path %s', (stem, path) => {
    expect(request({ 'cs-uri-stem': stem }).path).toBe(path);
  });
});

describe('bytes are those of the body', () => {
  test.each([
    ['complete', {}, 600_000],
    ['cut, by its size', { 'sc-bytes': '300700' }, 300_000],
    [
      'cut within the last headers, by its result',
      { 'sc-bytes': '600100', 'x-edge-result-type': 'Error' },
      599_400,
    ],
    [
      'an error of the server itself',
      { 'x-edge-result-type': 'Error', 'x-edge-response-result-type': 'Error' },
      600_000,
    ],
    ['less than headers', { 'sc-bytes': '300' }, 0],
    ['HEAD', { 'cs-method': 'HEAD', 'sc-bytes': '650' }, 0],
    ['HEAD of a tiny file', { 'cs-method': 'HEAD', 'sc-bytes': '650', 'sc-content-len': '10' }, 0],
    ['304', { 'sc-status': '304', 'sc-bytes': '1240', 'sc-content-len': '-' }, 0],
    ['000', { 'sc-status': '000', 'sc-bytes': '0', 'sc-content-len': '-' }, 0],
    ['without an announced length', { 'sc-bytes': '5000', 'sc-content-len': '-' }, 4_300],
    ['nothing said', { 'sc-bytes': '-' }, null],
  ])('%s', (_, change, bytes) => {
    expect(request(change as Record<string, string>).bytesServed).toBe(bytes);
  });
});

test('000 is status 0', () => {
  expect(request({ 'sc-status': '000' }).status).toBe(0);
});

test('the host is that of the viewer, else the distribution', () => {
  expect(request({ 'x-host-header': '-' }).host).toBe('d111.cloudfront.net');
  expect(request({ 'x-host-header': 'MEDIA.example:443' }).host).toBe('media.example');
  expect(request({ 'x-host-header': 'media.example:8443' }).host).toBe('media.example:8443');
});

test.each([
  [{ time: '24:00:00' }, 'time'],
  [{ date: '2026-02-30' }, 'time'],
  [{ 'cs-method': 'get' }, 'request'],
  [{ 'cs-uri-stem': '-' }, 'request'],
  [{ 'cs-uri-stem': '/%00' }, undefined],
  [{ 'sc-status': '20' }, 'status'],
  [{ 'sc-bytes': '1e9' }, 'bytes'],
  [{ 'sc-content-len': 'x' }, 'bytes'],
  [{ 'cs(User-Agent)': 'a\tb' }, 'form'],
] as [Record<string, string>, string | undefined][])('%j breaks the rule %s', (change, expected) => {
  expect(rule(change)).toBe(expected);
});

test('addresses are blanked in what identifies a request without an id', () => {
  const without = (change: Record<string, string>) => {
    const line = parse({ 'x-edge-request-id': '-', ...change });
    if (line === null || isLineFault(line)) throw new Error('not a request');
    return line.blankedLine;
  };
  expect(without({})).toContain('/show/1.mp3');
  expect(without({})).not.toMatch(/203\.0\.113|198\.51\.100/);
  expect(without({ 'c-ip': '192.0.2.1', 'x-forwarded-for': '192.0.2.2,%20192.0.2.3' })).toBe(without({}));
  expect(without({ 'sc-bytes': '600651' })).not.toBe(without({}));
});
