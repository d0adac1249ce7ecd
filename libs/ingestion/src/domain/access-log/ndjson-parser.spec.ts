import { expect, test } from '@jest/globals';
import { isLineFault } from './line-fault.js';
import { ndjsonParser } from './ndjson-parser.js';

const USUAL = {
  occurredAt: '2026-10-15T01:17:19.250Z',
  address: '203.0.113.7',
  method: 'GET',
  host: 'CDN.example',
  path: '/1.mp3?a=b',
  status: 206,
  bytesServed: 600_000,
  rangeAsked: 'bytes=0-599999',
  rangeServed: { from: 0, to: 600_000 },
  userAgent: 'AntennaPod/3.9.4',
  referrer: null,
};
const parse = (change: object = {}) => ndjsonParser()(JSON.stringify({ ...USUAL, ...change }));
const outcome = (line: ReturnType<typeof parse>) =>
  line === null ? null : isLineFault(line) ? line.rule : line.request;

test('reads a request', () => {
  expect(outcome(parse())).toEqual({
    occurredAtMs: Date.parse('2026-10-15T01:17:19.250Z'),
    address: '203.0.113.7',
    method: 'GET',
    host: 'cdn.example',
    path: '/1.mp3',
    query: 'a=b',
    status: 206,
    bytesServed: 600_000,
    rangeAsked: 'bytes=0-599999',
    rangeServed: { from: 0, to: 600_000 },
    userAgent: 'AntennaPod/3.9.4',
    referrer: null,
    requestId: null,
  });
});

test('needs little', () => {
  const line = ndjsonParser()('{"occurredAt":"2026-10-15T01:17:19Z","method":"HEAD","path":"/"}');
  expect(outcome(line)).toMatchObject({ address: null, status: null, bytesServed: null });
  expect(ndjsonParser()('  ')).toBeNull();
});

test.each([
  [{ occurredAt: '2026-10-15 01:17:19' }, 'time'],
  [{ occurredAt: '2026-10-15T01:17:19.2501Z' }, 'time'],
  [{ method: 'get' }, 'request'],
  [{ path: '1.mp3' }, 'request'],
  [{ status: '200' }, 'status'],
  [{ status: 1000 }, 'status'],
  [{ bytesServed: -1 }, 'bytes'],
  [{ bytesServed: 1.5 }, 'bytes'],
  [{ rangeServed: { from: 5, to: 5 } }, 'range'],
  [{ rangeServed: { from: 0, to: 5, unit: 'bytes' } }, 'range'],
  [{ rangeServed: [0, 5] }, 'range'],
  [{ userAgent: 5 }, 'field'],
  [{ user_agent: 'AntennaPod' }, 'field'],
])('%j breaks the rule %s', (change, rule) => {
  expect(outcome(parse(change))).toBe(rule);
});

test.each(['{', '[]', 'null', '"text"'])('%s is no entry', (text) => {
  expect(ndjsonParser()(text)).toEqual({ rule: 'form' });
});

test('the address is no part of what identifies a request, nor is the order of its fields', () => {
  const blanked = (change: object = {}) => {
    const line = parse(change);
    return line === null || isLineFault(line) ? undefined : line.blankedLine;
  };
  expect(blanked()).not.toContain('203.0.113.7');
  expect(blanked({ address: '2001:db8::1' })).toBe(blanked());
  expect(blanked({ status: 200 })).not.toBe(blanked());
  const { status, ...others } = USUAL;
  const moved = ndjsonParser()(JSON.stringify({ ...others, status }));
  expect(moved).toEqual(parse());
});
