import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { identifyRequests } from './identify-requests.js';
import type { LoggedLine } from './line-parser.js';
import { nameBasedUuids } from './name-based-uuid.js';

const line = (blankedLine: string, second = 0): LoggedLine => ({
  request: { requestId: null, occurredAtMs: second * 1_000 } as LoggedLine['request'],
  blankedLine,
});
const withId = (requestId: string): LoggedLine => ({
  request: { requestId, occurredAtMs: 0 } as LoggedLine['request'],
  blankedLine: null,
});
const idsOf = (lines: readonly LoggedLine[], source = 'edge', remembered?: number): string[] => {
  const identify = identifyRequests(source, remembered);
  return lines.map((each, index) => identify(each, index + 1));
};

test('name-based UUIDs are those of RFC 9562', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  expect(nameBasedUuids(dns)('www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('a name is hashed whole, however long it is and whatever was hashed before', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
  for (const name of ['a'.repeat(2_725), 'a'.repeat(2_726), '\u20ac'.repeat(2_726), 'b', '']) {
    const bytes = Buffer.concat([Buffer.from(dns.replaceAll('-', ''), 'hex'), Buffer.from(name)]);
    const hex = createHash('sha1').update(bytes).digest('hex');
    expect(nameBasedUuids(dns)(name).replaceAll('-', '').slice(17)).toBe(hex.slice(17, 32));
  }
});

test('a request with an id is the same wherever it stands', () => {
  const [a, b, again] = idsOf([withId('1'), withId('2'), withId('1')]);
  expect(again).toBe(a);
  expect(b).not.toBe(a);
  expect(idsOf([withId('1')], 'another edge')).not.toEqual([a]);
});

test('equal lines are different requests, the same in every reading of the file', () => {
  const lines = [line('x'), line('y'), line('x'), line('x')];
  const ids = idsOf(lines);
  expect(new Set(ids).size).toBe(4);
  expect(idsOf(lines)).toEqual(ids);
});

test('the order of different lines changes nothing', () => {
  const [x, y, x2] = idsOf([line('x'), line('y'), line('x')]);
  expect(idsOf([line('y'), line('x'), line('x')])).toEqual([y, x, x2]);
});

test('equal lines stay different beyond what is remembered', () => {
  const lines = ['a', 'b', 'c', 'd', 'a', 'b', 'a'].map((text) => line(text));
  const ids = idsOf(lines, 'edge', 2);
  expect(new Set(ids).size).toBe(7);
  expect(idsOf(lines, 'edge', 2)).toEqual(ids);
});

test('a file in the order of time needs no more memory than a moment of it', () => {
  const lines = Array.from({ length: 100 }, (_, index) => line(`second ${index >> 2}`, index >> 2));
  expect(idsOf(lines, 'edge', 3)).toEqual(idsOf(lines));
});
