import { describe, expect, test } from '@jest/globals';
import { describeLogLine } from './describe-log-line.js';

describe('a line of a child’s output', () => {
  test('is shown from level warn on, cut down to message and cause', () => {
    const line = JSON.stringify({ level: 40, msg: 'the database probe failed', err: { message: 'refused' } });
    expect(describeLogLine(line, false)).toEqual({
      text: 'the database probe failed: refused',
      worthShowing: true,
    });
  });

  test('names the faults that keep a process from starting', () => {
    const line = JSON.stringify({ level: 60, msg: 'not ready', faults: ['fsync is off', 'no schema'] });
    expect(describeLogLine(line, false).text).toBe('not ready: fsync is off: no schema');
  });

  test('stays in the file below warn', () => {
    expect(describeLogLine('{"level":30,"msg":"request"}', false).worthShowing).toBe(false);
  });

  test('is shown when it is plain text on standard error, as a crash is', () => {
    expect(describeLogLine('Error: boom', true)).toEqual({ text: 'Error: boom', worthShowing: true });
    expect(describeLogLine('Error: boom', false).worthShowing).toBe(false);
    expect(describeLogLine('{"level":', true)).toEqual({ text: '{"level":', worthShowing: true });
  });

  test('is not shown when Node.js advises developers', () => {
    const advice = '(node:12) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.';
    expect(describeLogLine(advice, true).worthShowing).toBe(false);
  });
});
