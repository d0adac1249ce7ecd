import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { judgeAnswer, type BatchAnswer } from './judge-answer.js';
import type { SentEvent } from './sent-event.js';
import { Violations, type Invariant } from './violations.js';

const tenant = { tenantId: randomUUID(), canary: 'canary', episodeIds: [randomUUID()], adminKey: '' };
let violations: Violations;
let event: SentEvent;

beforeEach(() => {
  violations = new Violations();
  const body = {
    id: randomUUID(),
    type: 'play',
    occurredAt: '2026-10-17T06:15:00.250Z',
    episodeId: '',
    sessionId: '',
    data: {},
  };
  event = { tenant, trusted: false, body, expected: 'stored', final: false, accepted: 0 };
});

function outcome(status: string, code?: string): object {
  const sums = { accepted: 'accepted', duplicates: 'duplicate', rejected: 'rejected', retryable: 'retry' };
  const counted = Object.entries(sums).map(([name, value]): [string, number] => [
    name,
    value === status ? 1 : 0,
  ]);
  return { ...Object.fromEntries(counted), results: [{ index: 0, id: event.body.id, status, code }] };
}

function judge(answer: Partial<BatchAnswer>) {
  return judgeAnswer([event], { status: 200, retryAfter: null, body: {}, ...answer }, violations);
}

describe('an answer', () => {
  test.each(['accepted', 'duplicate'])('%s acknowledges an event that must be stored', (status) => {
    expect(judge({ body: outcome(status) })).toEqual([
      { tenantId: tenant.tenantId, eventId: event.body.id, at: Date.parse('2026-10-17T06:15:00.250Z') },
    ]);
    expect(event.final).toBe(true);
    expect(violations.broken).toEqual([]);
  });

  test('that asks for another try leaves the event open', () => {
    expect(judge({ status: 503, retryAfter: '2' })).toEqual([]);
    expect(judge({ status: 429, retryAfter: '1' })).toEqual([]);
    expect(judge({ body: outcome('retry', 'not_persisted'), retryAfter: '1' })).toEqual([]);
    expect(event.final).toBe(false);
    expect(violations.broken).toEqual([]);
  });

  test('of an event that must be refused is final with the right code', () => {
    event = { ...event, expected: 'future' };
    expect(judge({ body: outcome('rejected', 'future') })).toEqual([]);
    expect(event.final).toBe(true);
    expect(violations.broken).toEqual([]);
  });

  test.each<[string, Partial<BatchAnswer> | (() => Partial<BatchAnswer>), Invariant]>([
    ['500', { status: 500 }, 'I7'],
    ['503 without Retry-After', { status: 503 }, 'I7'],
    ['429 with Retry-After 0', { status: 429, retryAfter: '0' }, 'I7'],
    ['a refusal of a valid event', () => ({ body: outcome('rejected', 'schema') }), 'I7'],
    ['an outcome missing', () => ({ body: { ...outcome('accepted'), results: [] } }), 'I7'],
    ['sums that do not add up', () => ({ body: { ...outcome('accepted'), rejected: 1 } }), 'I7'],
    ['retry without Retry-After', () => ({ body: outcome('retry') }), 'I7'],
    ['Retry-After without retry', () => ({ body: outcome('accepted'), retryAfter: '1' }), 'I7'],
  ])('breaks a promise: %s', (_what, answer, invariant) => {
    judge(typeof answer === 'function' ? answer() : answer);
    expect(violations.broken).toEqual([invariant]);
  });

  test('that accepts an event twice breaks a promise', () => {
    judge({ body: outcome('accepted') });
    judge({ body: outcome('accepted') });
    expect(violations.broken).toEqual(['I2']);
  });

  test('that refuses an acknowledged event breaks the first promise', () => {
    judge({ body: outcome('accepted') });
    judge({ body: outcome('rejected', 'too_old') });
    expect(violations.broken).toEqual(['I1']);
  });
});
