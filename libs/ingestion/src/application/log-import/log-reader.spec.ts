import { expect, test } from '@jest/globals';
import { hashRequest } from '../../domain/access-log/hash-request.js';
import { LogReader } from './log-reader.js';

const COMBINED =
  '203.0.113.7 - - [15/Oct/2026:01:17:19 +0200] "GET /1.mp3?a=b HTTP/1.1" 206 600000 "https://a.example/" "AntennaPod/3.9.4"';
const CLOUDFRONT = [
  '#Fields: date time sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-edge-request-id sc-content-len sc-range-start sc-range-end',
  '2026-10-15 01:17:19 600700 203.0.113.7 GET d1.example /caf%25C3%25A9.mp3 206 - Pod/1%20(caf%C3%A9) a=b EXAMPLEID== 600000 0 599999',
  '2026-10-15 01:17:19 600700 203.0.113.7 GET d1.example /1.mp3 206 - Pod/1%20(caf%C3%A9) a=b - 600000 0 599999',
];

/** Lines of one file each, with the id and the hash that are stored for each. */
const FILES = {
  common: [
    [
      '203.0.113.7 - - [15/Oct/2026:01:17:19 +0200] "GET /1.mp3 HTTP/1.1" 200 5000000',
      '79bda232-0168-51b8-a584-588cfcd9b8d6 8592213476758511716',
    ],
  ],
  combined: [
    [COMBINED, 'e23eea04-1162-5906-a424-ab5e22ba8a9d -5120375626666203909'],
    [COMBINED.replace('.7', '.8'), '6f1b21c7-bd15-52ac-9085-763ee0b67c1b -5120375626666203909'],
    [COMBINED.replace('.7', '.9'), '62deb5e8-c91b-56f3-b3f0-a5489193afb8 -5120375626666203909'],
  ],
  combined_range: [
    [
      '2001:db8::1 - - [15/Oct/2026:01:17:20 +0000] "HEAD http://CDN.example:80/caf\\xC3\\xA9 1.mp3 HTTP/2.0" 304 - "-" "Pod\\x22Quote\\x22 \\\\ (\\xE2\\x82\\xAC)" "198.51.100.9, 198.51.100.10"',
      '590c44e9-aedd-5a74-ac99-8ecd7c963d23 5952576540509284404',
    ],
    [
      '2001:db8::1 - - [15/Oct/2026:01:17:20 +0000] "GET /1.mp3 HTTP/2.0" 206 2 "-" "-" "bytes=0-1"',
      'e3965183-e76d-5664-84cc-b4c5fedcacf1 3672475999458703355',
    ],
  ],
  '$remote_addr|$msec|$host|$request_method|$request_uri|$status|$body_bytes_sent|$sent_http_content_range|$request_id':
    [
      [
        '::1|1792022400.123|CDN.example|GET|/a?b|206|100|bytes 100-199/5000|f00d',
        '7814b7a1-4109-597d-8ff0-fb7800346bd1 7794471823263179299',
      ],
    ],
  cloudfront: [
    [CLOUDFRONT[0], ''],
    [CLOUDFRONT[1]?.replace(/ /g, '\t'), '46bb7e74-50b4-56ce-b2e0-83ca937f29c7 -766141713074610517'],
    [CLOUDFRONT[2]?.replace(/ /g, '\t'), '128d073e-b4cc-52db-b830-4d37d18c281b 1591024960577604076'],
  ],
  ndjson: [
    [
      '{"occurredAt":"2026-10-15T01:17:19.250Z","address":"203.0.113.7","method":"GET","host":"CDN.example","path":"/1.mp3","query":"a=b","status":206,"bytesServed":600000,"rangeAsked":"bytes=0-599999","rangeServed":{"to":600000,"from":0},"userAgent":"Pod \\"1\\" (caf\u00e9 \\ud83d\\ude00) \\ud800"}',
      'c3b19629-2c09-52e3-a729-77b926f8a636 1610948795738222706',
    ],
    [
      '{"path":"/1.mp3","method":"GET","occurredAt":"2026-10-15T01:17:19.250Z","address":"203.0.113.8","host":"","referrer":null,"status":2e2,"rangeServed":null}',
      '178e6ae3-49e9-50e1-8fb8-8a3df9d672de 5526556927760598776',
    ],
    [
      '{"occurredAt":"2026-10-15T03:17:19.25+02:00","method":"HEAD","path":"http://cdn.example/1.mp3?x=\\u2028","requestId":"7f3a","rangeAsked":"198.51.100.9"}',
      '0723b931-3880-56b8-9f13-211173288b9e -8476265487084573128',
    ],
  ],
};

/** Whoever changes these makes every line that was imported before come in a second time. */
test.each(Object.entries(FILES))('lines of %s keep their ids and hashes', (format, lines) => {
  const reader = new LogReader(format, 'edge-1', { fromMs: 0, nowMs: Date.UTC(2027, 0) });
  for (const [line, expected] of lines) {
    const read = reader.read(line ?? '');
    const found =
      read === null || typeof read === 'string'
        ? (read ?? '')
        : `${read.eventId} ${hashRequest(read.request)}`;
    expect(found).toBe(expected);
  }
});
