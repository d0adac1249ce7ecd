import { describe, expect, it } from '@jest/globals';
import { AnswerCache } from './answer-cache.js';
import { ORIGIN } from './answer-origin.js';

const RANGE = { from: 0, to: 1 };
const STATE = { asOf: null, ruleSets: [], switchingDays: [], version: 1 };

describe('an answer that time changes', () => {
  it.each<[string, number | undefined, number]>([
    ['is given again until then', Date.now() + 60_000, 1],
    ['is made anew from then on', Date.now() - 1, 2],
    ['stands where no time is named', undefined, 1],
  ])('%s', async (_, until, computed) => {
    const cache = new AnswerCache(100_000, 0, () => Promise.resolve(STATE));
    let count = 0;
    const compute = () => {
      count += 1;
      const origin = { asked: RANGE, counted: RANGE, stages: [], state: STATE };
      return Promise.resolve({
        asOf: null,
        [ORIGIN]: until === undefined ? origin : { ...origin, until },
      });
    };
    for (let n = 0; n < 2; n += 1) {
      await cache.answer({ tenantId: 'a', text: 'forecast' }, compute);
      await new Promise((done) => setTimeout(done, 2));
    }
    expect(count).toBe(computed);
  });
});
