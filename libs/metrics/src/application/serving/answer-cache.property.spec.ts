import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RollupState } from '../../infrastructure/answer-frame.sql.js';
import { AnswerCache, type ServedAnswer } from './answer-cache.js';
import { ORIGIN } from './answer-origin.js';

const RANGE = { from: 0, to: 1 };
const QUESTIONS = ['totals', 'series'];

/** Numbers that change by versions, as a database would show them: what is read is of one instant, and is read slowly. */
class Numbers {
  private version = 1;
  private reads = 0;
  failsNext = false;

  change(): void {
    this.version += 1;
  }

  get now(): number {
    return this.version;
  }

  get readSoFar(): number {
    return this.reads;
  }

  state(): RollupState {
    return { asOf: new Date(this.version * 1_000), ruleSets: [], switchingDays: [], version: this.version };
  }

  async read(tenant: string, question: string, turns: number): Promise<unknown> {
    const state = this.state();
    this.reads += 1;
    if (this.failsNext) {
      this.failsNext = false;
      throw new Error('the database is away');
    }
    for (let n = 0; n < turns; n += 1) await turn();
    return {
      asOf: state.asOf,
      tenant,
      question,
      value: state.version,
      [ORIGIN]: { asked: RANGE, counted: RANGE, stages: [], state },
    };
  }
}

interface Body {
  asOf: string;
  tenant: string;
  question: string;
  value: number;
}

function bodyOf(answer: ServedAnswer): Body {
  if (answer.kind === 'plain') throw new Error('the answer was not tagged');
  return JSON.parse(answer.json) as Body;
}

const asks = fc.record({
  tenant: fc.constantFrom('a', 'b'),
  question: fc.constantFrom(...QUESTIONS),
  turns: fc.nat(3),
  changes: fc.boolean(),
  fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  waitsForAll: fc.boolean(),
});

describe('a cache of answers, whatever is asked at once and changes meanwhile', () => {
  it('answers what was asked, of one instant, with an asOf that is true', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(asks, { minLength: 1, maxLength: 30 }),
        fc.constantFrom(0, 3_000, 100_000),
        fc.constantFrom(0, 1, 1_000),
        (steps, bytes, freshMs) => check(steps, bytes, freshMs),
      ),
      { numRuns: 150 },
    );
  });

  async function check(
    steps: readonly (typeof asks extends fc.Arbitrary<infer Step> ? Step : never)[],
    bytes: number,
    freshMs: number,
  ) {
    const numbers = new Numbers();
    const cache = new AnswerCache(bytes, freshMs, async () => numbers.state());
    let open: Promise<void>[] = [];
    for (const { tenant, question, turns, changes, fails, waitsForAll } of steps) {
      numbers.failsNext = fails;
      const found = cache
        .answer({ tenantId: tenant, text: question }, () => numbers.read(tenant, question, turns))
        .then(
          (answer) => {
            const body = bodyOf(answer);
            expect(body).toMatchObject({ tenant, question });
            // The numbers are of no later version than now, and asOf is of theirs.
            expect(body.value).toBeLessThanOrEqual(numbers.now);
            expect(Date.parse(body.asOf)).toBe(body.value * 1_000);
          },
          (error: unknown) => expect(error).toEqual(new Error('the database is away')),
        );
      open.push(found);
      if (changes) numbers.change();
      if (!waitsForAll) continue;
      await Promise.all(open);
      open = [];
    }
    await Promise.all(open);
  }

  it('looks again at an answer that is too old, and works it out again only when it fell', async () => {
    const numbers = new Numbers();
    const cache = new AnswerCache(100_000, 200, async () => numbers.state());
    const ask = async () =>
      bodyOf(await cache.answer({ tenantId: 'a', text: 'totals' }, () => numbers.read('a', 'totals', 0)));
    expect((await ask()).value).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await ask()).value).toBe(1);
    expect(numbers.readSoFar).toBe(1);
    numbers.change();
    expect((await ask()).value).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await ask()).value).toBe(2);
    expect(numbers.readSoFar).toBe(2);
  });

  it('keeps an answer of newer numbers where a replica shows older ones', async () => {
    const numbers = new Numbers();
    numbers.change();
    const behind: RollupState[] = [];
    const cache = new AnswerCache(100_000, 200, async () => behind[0] ?? numbers.state());
    const ask = async () =>
      bodyOf(await cache.answer({ tenantId: 'a', text: 'totals' }, () => numbers.read('a', 'totals', 0)));
    const first = await ask();
    behind.push({ ...numbers.state(), version: 1, asOf: new Date(1_000) });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await ask()).toEqual(first);
    expect(numbers.readSoFar).toBe(1);
  });

  it('leaves alone what does not say what it was made of', async () => {
    const cache = new AnswerCache(100_000, 200, async () => new Numbers().state());
    const question = { tenantId: 'a', text: 'totals' };
    for (const value of [{ n: 1 }, { n: 2 }])
      expect(await cache.answer(question, async () => value)).toEqual({ kind: 'plain', value });
  });
});
