import { describe, expect, test } from '@jest/globals';
import { defineJob, type JobDeclaration } from './job-declaration.js';
import { matchHandlers, ScheduleInvalid, type FoundHandler } from './match-handlers.js';

const count = defineJob({ name: 'count', schedule: { everyMs: 1_000 } });
const clean = defineJob({ name: 'clean', schedule: { cron: '0 3 * * *' } });

const found = (job: JobDeclaration, className: string): FoundHandler => ({
  job,
  className,
  handler: { run: async () => undefined },
});

function faultsOf(schedule: readonly JobDeclaration[], handlers: readonly FoundHandler[]): readonly string[] {
  try {
    matchHandlers(schedule, handlers);
    return [];
  } catch (error) {
    return (error as ScheduleInvalid).faults;
  }
}

describe('matchHandlers', () => {
  test('gives each scheduled job its handler', () => {
    const handlers = [found(clean, 'Clean'), found(count, 'Count')];
    const matched = matchHandlers([count, clean], handlers);
    expect([...matched.keys()].sort()).toEqual(['clean', 'count']);
    expect(matched.get('count')).toBe(handlers[1]!.handler);
  });

  test('names a scheduled job without a handler', () => {
    expect(faultsOf([count, clean], [found(count, 'Count')])).toEqual([
      "job 'clean' has no handler: no provider is decorated with @HandlesJob for it",
    ]);
  });

  test('names both handlers of one job', () => {
    expect(faultsOf([count], [found(count, 'Count'), found(count, 'CountAgain')])).toEqual([
      "job 'count' has 2 handlers: Count, CountAgain",
    ]);
  });

  test('names a handler whose job is not in the schedule', () => {
    expect(faultsOf([count], [found(count, 'Count'), found(clean, 'Clean')])).toEqual([
      "Clean handles job 'clean', which is not in the schedule",
    ]);
  });

  test('refuses two jobs of one name, in the schedule or between schedule and handler', () => {
    const other = defineJob({ name: 'count', schedule: { everyMs: 5_000 } });
    expect(faultsOf([count, other], [found(count, 'Count'), found(other, 'Other')])).toEqual([
      "two jobs are named 'count'",
    ]);
    expect(faultsOf([count], [found(other, 'Other')])).toContain("two jobs are named 'count'");
  });

  test('refuses a job that is listed twice', () => {
    expect(faultsOf([count, count], [found(count, 'Count')])).toEqual([
      "job 'count' is in the schedule twice",
    ]);
  });

  test('reports every fault at once', () => {
    expect(() => matchHandlers([count], [found(clean, 'Clean')])).toThrow(ScheduleInvalid);
    expect(faultsOf([count], [found(clean, 'Clean')])).toHaveLength(2);
  });
});
