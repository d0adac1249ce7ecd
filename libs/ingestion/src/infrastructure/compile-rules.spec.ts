import { describe, expect, test } from '@jest/globals';
import { ListRejected } from '../domain/classification/list.errors.js';
import { compileRules } from './compile-rules.js';
import { crawlerList } from './crawler-list.js';

const NONE = { bots: [], apps: [], libraries: [], browsers: [], devices: [], referrers: [], crawlers: [] };

function compile(...patterns: string[]) {
  const apps = patterns.map((pattern, index) => ({ name: `app ${index}`, pattern }));
  return compileRules({ ...NONE, apps }, 'test').apps;
}

describe('patterns that are refused', () => {
  test.each([
    ['(?=a)b', 'look-around'],
    ['(?!a)b', 'look-around'],
    ['(?<=a)b', 'look-around'],
    ['(?<!a)b', 'look-around'],
    ['(a)\\1', 'escape'],
    ['(', 'missing'],
    ['a{1001}', 'repeat'],
    ['((a{100}){100}){100}', 'repeat'],
    ['([a-z]{0,1000}[0-9]{0,1000})', 'instructions'],
  ])('%s', (pattern, reason) => {
    expect(() => compile('fine', pattern)).toThrow(ListRejected);
    expect(() => compile('fine', pattern)).toThrow(new RegExp(`apps: the pattern of "app 1".*${reason}`));
  });

  test('many that are large together', () => {
    const large = Array.from({ length: 60 }, () => '[a-z]{0,900}');
    expect(() => compile(...large)).toThrow('together');
  });
});

// With a backtracking engine the first two take longer than the universe has left.
describe('patterns that would blow up elsewhere', () => {
  const text = `${'a'.repeat(511)}!`;
  test.each(['(a+)+$', '(a|a)*b', '(.*)*x', '.*.*.*.*.*.*=', '(a?){200}a{200}b', '([a-z]+)*[a-z]+[0-9]'])(
    '%s is answered at once',
    (pattern) => {
      const list = compile(pattern);
      const started = performance.now();
      expect(list.first(text, () => true)).toBeUndefined();
      // Generous: it takes milliseconds, the other takes years.
      expect(performance.now() - started).toBeLessThan(2_000);
    },
  );
});

test('a pattern is searched anywhere, and tells capitals apart', () => {
  const list = compile('Radio', '^play');
  const find = (text: string) => list.first(text, () => true)?.name;
  expect([find('My Radio/1'), find('my radio'), find('player'), find('a player')]).toEqual([
    'app 0',
    undefined,
    'app 1',
    undefined,
  ]);
});

describe('the general list of crawlers', () => {
  test('compiles as a whole', () => {
    const crawlers = crawlerList();
    expect(crawlers.length).toBeGreaterThan(500);
    const rules = compileRules({ ...NONE, crawlers }, 'test');
    expect(rules.crawlers.first('Mozilla/5.0 (compatible; SeznamBot/4.0)', () => true)?.name).toBe(
      'SeznamBot',
    );
  });

  test.each(['okhttp/4.12.0', 'Lanternfish/1 okhttp/4.12.0', 'Dalvik/2.1.0 (Linux; U; Android 14)'])(
    'takes no listener with %s for a crawler',
    (agent) => {
      const rules = compileRules({ ...NONE, crawlers: crawlerList() }, 'test');
      expect(rules.crawlers.first(agent, () => true)).toBeUndefined();
    },
  );
});
