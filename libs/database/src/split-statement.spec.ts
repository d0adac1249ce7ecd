import { describe, expect, test } from '@jest/globals';
import { splitStatement } from './split-statement.js';

describe('a statement', () => {
  test('is taken apart into what it names and its end', () => {
    const text = `WITH gone AS (DELETE FROM t RETURNING a), kept AS MATERIALIZED (
      SELECT ')' AS text, (1 + 2) AS "a)" FROM gone -- not here )
    ), more AS NOT MATERIALIZED (SELECT 1)
    SELECT * FROM kept`;
    expect(splitStatement(text)).toEqual({
      parts: [
        { name: 'gone', body: 'DELETE FROM t RETURNING a' },
        {
          name: 'kept',
          body: `\n      SELECT ')' AS text, (1 + 2) AS "a)" FROM gone -- not here )\n    `,
        },
        { name: 'more', body: 'SELECT 1' },
      ],
      end: '\n    SELECT * FROM kept',
    });
  });

  test.each(['SELECT 1', 'INSERT INTO t SELECT 1', 'WITH RECURSIVE a AS (SELECT 1) SELECT 2'])(
    'without named parts is left as it is: %s',
    (text) => expect(splitStatement(text)).toBeUndefined(),
  );

  test('with a bracket that is never closed is refused', () => {
    expect(() => splitStatement("WITH a AS (SELECT ')'")).toThrow('never closed');
  });
});
