import { describe, expect, test } from '@jest/globals';
import { defineJob, runsAtStart } from './job-declaration.js';

describe('defineJob', () => {
  test('tries a due time once unless told otherwise', () => {
    expect(defineJob({ name: 'count', schedule: { everyMs: 1_000 } }).attempts).toBe(1);
    expect(defineJob({ name: 'count', schedule: { everyMs: 1_000 }, attempts: 3 }).attempts).toBe(3);
  });

  test.each([
    ['Count', { everyMs: 1_000 }, /kebab case/],
    ['a:b', { everyMs: 1_000 }, /kebab case/],
    ['count', { everyMs: 99 }, /everyMs/],
    ['count', { everyMs: 1_000.5 }, /everyMs/],
    ['count', { cron: '61 3 * * *' }, /not valid/],
    ['count', { cron: '* * * * * *' }, /five fields/],
    ['count', { cron: '@daily' }, /five fields/],
  ])('refuses %s %j', (name, schedule, message) => {
    expect(() => defineJob({ name, schedule })).toThrow(message);
  });

  test.each([0, 1.5, -1])('refuses %d attempts', (attempts) => {
    expect(() => defineJob({ name: 'count', schedule: { everyMs: 1_000 }, attempts })).toThrow(/attempts/);
  });
});

test('a job that is due once a minute or less often also runs at start', () => {
  const at = (schedule: Parameters<typeof defineJob>[0]['schedule']) =>
    runsAtStart(defineJob({ name: 'count', schedule }));
  expect(at({ everyMs: 59_999 })).toBe(false);
  expect(at({ everyMs: 60_000 })).toBe(true);
  expect(at({ cron: '* * * * *' })).toBe(true);
});
