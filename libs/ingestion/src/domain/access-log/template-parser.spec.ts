import { describe, expect, test } from '@jest/globals';
import { compileLogFormat, NAMED_FORMATS } from './compile-log-format.js';
import { isLineFault } from './line-fault.js';
import type { LoggedLine } from './line-parser.js';
import type { LoggedRequest } from './logged-request.js';
import { templateParser } from './template-parser.js';

const RANGE = NAMED_FORMATS.combined_range!;
const USUAL =
  '203.0.113.7 - - [15/Oct/2026:01:17:19 +0200] "GET /2026/1.mp3?a=b HTTP/2.0" 206 600000 "-" "AntennaPod/3.9.4" "bytes=0-599999"';

function line(text: string, format = RANGE): LoggedLine {
  const read = templateParser(compileLogFormat(format))(text);
  if (read === null || isLineFault(read)) throw new Error(`not a request: ${read?.rule ?? 'empty'}`);
  return read;
}
const request = (text: string, format = RANGE): LoggedRequest => line(text, format).request;
const rule = (text: string, format = RANGE): string | undefined => {
  const read = templateParser(compileLogFormat(format))(text);
  return read !== null && isLineFault(read) ? read.rule : undefined;
};

test('reads a request', () => {
  expect(request(USUAL)).toEqual({
    occurredAtMs: Date.parse('2026-10-14T23:17:19Z'),
    address: '203.0.113.7',
    method: 'GET',
    host: null,
    path: '/2026/1.mp3',
    query: 'a=b',
    status: 206,
    bytesServed: 600_000,
    rangeAsked: 'bytes=0-599999',
    rangeServed: null,
    userAgent: 'AntennaPod/3.9.4',
    referrer: null,
    requestId: null,
  });
});

describe('escapes', () => {
  const agent = (text: string) => request(USUAL.replace('AntennaPod/3.9.4', text)).userAgent;
  test.each([
    ['Pod\\x22Quote/2.1 (caf\\xC3\\xA9)', 'Pod"Quote/2.1 (café)'],
    ['back\\x5Cslash', 'back\\slash'],
    ['Apache \\"quoted\\" \\\\ end', 'Apache "quoted" \\ end'],
    ['ends in \\\\', 'ends in \\'],
    ['tab\\there', 'tab\there'],
    ['caf\\u00e9', 'café'],
    ['\\xFF', '\uFFFD'],
    ['%20 stays', '%20 stays'],
  ])('%s', (logged, text) => {
    expect(agent(logged)).toBe(text);
  });
});

describe('other formats', () => {
  test('the most exact time counts, and the body’s bytes', () => {
    const format =
      '$msec|$time_local|$remote_addr|$host|$request_method|$request_uri|$status|$bytes_sent|$body_bytes_sent|$request_id';
    const text = '1792022400.123|-|::1|CDN.example|GET|/a?b|200|900|100|f00d';
    expect(request(text, format)).toMatchObject({
      occurredAtMs: 1_792_022_400_123,
      host: 'cdn.example',
      path: '/a',
      query: 'b',
      bytesServed: 100,
      requestId: 'f00d',
    });
    expect(line(text, format).blankedLine).toBeNull();
  });

  test('bytes with headers are corrected', () => {
    const format = '$remote_addr $time_iso8601 $status $bytes_sent $sent_http_content_length "$request"';
    const text = (sent: number, length: string) =>
      `::1 2026-10-15T01:17:19+00:00 200 ${sent} ${length} "GET /a HTTP/1.1"`;
    expect(request(text(10_300, '10000'), format).bytesServed).toBe(10_000);
    expect(request(text(5_700, '10000'), format).bytesServed).toBe(5_000);
    expect(request(text(5_700, '-'), format).bytesServed).toBe(5_000);
  });

  test('Content-Range is what was served', () => {
    const format =
      '$remote_addr [$time_local] "$request" $status $body_bytes_sent "$sent_http_content_range"';
    const text = '::1 [15/Oct/2026:01:17:19 +0000] "GET /a HTTP/1.1" 206 100 "bytes 100-199/5000"';
    expect(request(text, format).rangeServed).toEqual({ from: 100, to: 200 });
  });

  test('Apache’s directives', () => {
    const format =
      '%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\" \\"%{Range}i\\" %D %{Host}i';
    const text =
      '203.0.113.7 - - [15/Oct/2026:01:17:19 +0200] "GET /1.mp3 HTTP/1.1" 304 - "https://a.example/" "A \\"B\\"" "-" 52 H.example';
    expect(request(text, format)).toMatchObject({
      host: 'h.example',
      bytesServed: 0,
      status: 304,
      referrer: 'https://a.example/',
      userAgent: 'A "B"',
    });
  });

  test('JSON written by nginx', () => {
    const format = '{"t":"$time_iso8601","a":"$remote_addr","r":"$request","s":$status,"b":$body_bytes_sent}';
    const text =
      '{"t":"2026-10-15T01:17:19+00:00","a":"::1","r":"GET /\\u00e9\\/1.mp3 HTTP/1.1","s":200,"b":5}';
    expect(request(text, format).path).toBe('/é/1.mp3');
  });

  test.each([
    ['$remote_addr$time_local "$request" $status', /between \$remote_addr/],
    ['$time_local "$request" $status', /\$remote_addr/],
    ['$remote_addr "$request" $status', /\$time_local/],
    ['$remote_addr $time_local $status', /\$request/],
    ['$remote_addr $time_local "$request"', /\$status/],
    ['no variables', /\$remote_addr/],
  ])('%s is refused', (format, message) => {
    expect(() => compileLogFormat(format)).toThrow(message);
  });
});

describe('request lines', () => {
  const target = (text: string) => request(USUAL.replace('GET /2026/1.mp3?a=b HTTP/2.0', text));
  test('blanks belong to the path', () => {
    expect(target('GET /a b.mp3 HTTP/1.1').path).toBe('/a b.mp3');
    expect(target('GET /a').path).toBe('/a');
  });
  test('a whole address names its host', () => {
    expect(target('GET http://CDN.example:80/a?b HTTP/1.1')).toMatchObject({
      host: 'cdn.example',
      path: '/a',
      query: 'b',
    });
    expect(target('GET https://cdn.example HTTP/1.1')).toMatchObject({ host: 'cdn.example', path: '/' });
  });
});

test.each([
  ['', undefined],
  [USUAL.slice(0, -1), 'form'],
  [`${USUAL} more`, 'form'],
  [USUAL.replace('Oct', 'Okt'), 'time'],
  [USUAL.replace('15/Oct', '31/Sep'), 'time'],
  [USUAL.replace('+0200', '+9900'), 'time'],
  [USUAL.replace('GET /2026/1.mp3?a=b HTTP/2.0', '\\x16\\x03\\x01'), 'request'],
  [USUAL.replace('GET /2026/1.mp3?a=b HTTP/2.0', '-'), 'request'],
  [USUAL.replace('GET /2026/1.mp3', 'GET /\\x00.mp3'), 'request'],
  [USUAL.replace(' 206 ', ' 2 '), 'status'],
  [USUAL.replace('600000', '-1'), 'bytes'],
])('%s breaks the rule %s', (text, expected) => {
  expect(rule(text)).toBe(expected);
});

describe('addresses', () => {
  const blanked = (text: string, format = RANGE) => line(text, format).blankedLine;
  test('are blanked in what identifies a request', () => {
    expect(blanked(USUAL)).toBe(USUAL.slice('203.0.113.7'.length));
    expect(blanked(USUAL.replace('203.0.113.7', '2001:db8::1'))).toBe(blanked(USUAL));
  });
  test('are not kept where a range was expected', () => {
    const forwarded = USUAL.replace('bytes=0-599999', '198.51.100.9, 198.51.100.10');
    expect(request(forwarded).rangeAsked).toBeNull();
    expect(blanked(forwarded)).not.toContain('198.51.100');
  });
  test('are blanked wherever a proxy puts them', () => {
    const format = `${RANGE} $http_x_forwarded_for $proxy_protocol_addr $http_cf_connecting_ip`;
    expect(blanked(`${USUAL} 198.51.100.1 198.51.100.2 198.51.100.3`, format)).not.toMatch(/198\.51/);
  });
});
