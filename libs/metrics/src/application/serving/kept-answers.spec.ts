import { describe, expect, it } from '@jest/globals';
import { KeptAnswers, type KeptAnswer } from './kept-answers.js';

const RANGE = { from: 0, to: 1 };
const STATE = { asOf: null, ruleSets: [], switchingDays: [], version: 1 };

function answerOf(characters: number): KeptAnswer {
  const origin = { asked: RANGE, counted: RANGE, stages: [], state: STATE };
  return { json: 'x'.repeat(characters), etag: '', origin, asOf: null, seenAt: 0 };
}

function keepMany(kept: KeptAnswers, tenant: string, count: number): void {
  for (let n = 0; n < count; n += 1) kept.keep(tenant, `question ${n}`, answerOf(2_000));
}

function countOf(kept: KeptAnswers, tenant: string, asked: number): number {
  return Array.from({ length: asked }, (_, n) => kept.find(tenant, `question ${n}`)).filter(Boolean).length;
}

describe('kept answers', () => {
  it('stay within their bytes, and those that were not asked for longest go first', () => {
    const kept = new KeptAnswers(50_000);
    keepMany(kept, 'a', 9);
    kept.find('a', 'question 0');
    for (const n of [9, 10]) kept.keep('a', `question ${n}`, answerOf(2_000));
    expect(kept.bytes).toBeLessThanOrEqual(50_000);
    expect(kept.find('a', 'question 0')).toBeDefined();
    expect(kept.find('a', 'question 1')).toBeUndefined();
    expect(kept.find('a', 'question 10')).toBeDefined();
  });

  it('of a tenant that asks for much never displace another’s equal share', () => {
    const kept = new KeptAnswers(100_000);
    keepMany(kept, 'small', 5);
    keepMany(kept, 'large', 1_000);
    expect(countOf(kept, 'small', 5)).toBe(5);
    expect(countOf(kept, 'large', 1_000)).toBeGreaterThan(10);
    keepMany(kept, 'third', 1_000);
    expect(countOf(kept, 'small', 5)).toBe(5);
    expect(countOf(kept, 'large', 1_000)).toBeGreaterThan(5);
  });

  it('leave out an answer that is too large for all of them, and everything when there is no room', () => {
    const kept = new KeptAnswers(50_000);
    kept.keep('a', 'all', answerOf(30_000));
    expect(kept.find('a', 'all')).toBeUndefined();
    const none = new KeptAnswers(0);
    none.keep('a', 'any', answerOf(1));
    expect(none.find('a', 'any')).toBeUndefined();
  });
});
