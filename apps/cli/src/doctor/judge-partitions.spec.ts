import { describe, expect, test } from '@jest/globals';
import { judgePartitions } from './judge-partitions.js';

const NOW = new Date('2026-03-04T12:00:00Z');
const horizon = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });

describe('the judgement of partitions', () => {
  test('is good when the acceptance window and a week ahead are covered', () => {
    expect(judgePartitions(horizon('2026-02-23', '2026-03-30'), 7, NOW)).toMatchObject({
      verdict: 'ok',
      detail: '2026-02-23 to 2026-03-30, 25 days ahead',
    });
  });

  test('fails when an event that is still accepted would have no partition', () => {
    const late = judgePartitions(horizon('2026-02-25T12:00:01Z', '2026-03-30'), 7, NOW);
    expect(late.verdict).toBe('fail');
    expect(late.detail).toContain('up to 7 days old');
    expect(judgePartitions(horizon('2026-02-25T12:00:00Z', '2026-03-30'), 7, NOW).verdict).toBe('ok');
  });

  test('warns below a week ahead and fails below a day', () => {
    expect(judgePartitions(horizon('2026-02-23', '2026-03-11T12:00:00Z'), 7, NOW).verdict).toBe('ok');
    expect(judgePartitions(horizon('2026-02-23', '2026-03-11T11:59:59Z'), 7, NOW).verdict).toBe('warn');
    expect(judgePartitions(horizon('2026-02-23', '2026-03-05T11:59:59Z'), 7, NOW).verdict).toBe('fail');
  });

  test('fails when the present itself is not covered', () => {
    expect(judgePartitions(undefined, 7, NOW).verdict).toBe('fail');
  });
});
