import { describe, expect, test } from '@jest/globals';
import { compileRules } from '../../infrastructure/compile-rules.js';
import { classifyAgent } from './classify-agent.js';
import { classifyReferrer } from './classify-referrer.js';
import type { AgentListContent, ListEntry } from './list-entry.js';

const NOW = Date.UTC(2026, 9, 12);
const NONE = { bots: [], apps: [], libraries: [], browsers: [], devices: [], referrers: [], crawlers: [] };

function entry(name: string, pattern: string, more: Partial<ListEntry> = {}): ListEntry {
  return { name, pattern, ...more };
}

function classify(agent: string | null, lists: Partial<AgentListContent> = {}, atMs = NOW) {
  return classifyAgent(agent, compileRules({ ...NONE, ...lists }, 'test'), atMs);
}

describe('before any list is asked', () => {
  test.each([null, '', '  ', '\r\n', '\u0000', '-'])('%p is no agent', (agent) => {
    expect(classify(agent, { apps: [entry('Anything', '')] }).kind).toBe('none');
  });

  // PTMG v2.3 §5.5.2 (7).
  test.each([
    'atc/1.0 watchOS/7.1 model/Watch4,3 build/18R590 (6; dt:192)',
    '(null)/(null) watchOS/11.2 model/Watch6,7',
    'Whatever (null)/(null) watchOS/11.2',
  ])('%s is the Apple Watch, whatever the lists say', (agent) => {
    expect(classify(agent, { apps: [entry('Anything', '')] })).toMatchObject({
      kind: 'apple_watch',
      device: null,
      decidedBy: { list: 'rules', entry: 'Apple Watch' },
    });
  });

  test.each(['atc/1.0', 'Player/1.0 watchOS/11', 'x atc/1.0 watchOS'])('%s is not', (agent) => {
    expect(classify(agent).kind).toBe('unknown');
  });

  test('what is false on purpose is malformed', () => {
    const agent = 'Mozilla/5.0 (X11; rv:1430) Gecko/20100101 Firefox/1430';
    expect(classify(agent, { browsers: [entry('Firefox', 'Firefox')] }).kind).toBe('malformed');
  });
});

describe('the order of the lists', () => {
  const any = (name: string, more?: Partial<ListEntry>) => [entry(name, 'Same', more)];
  const all = {
    bots: any('a bot'),
    apps: any('an app'),
    libraries: any('a library'),
    browsers: any('a browser'),
    crawlers: any('a crawler'),
  };

  test.each([
    [all, 'bot_agent', 'a bot', 'bots'],
    [{ ...all, bots: [] }, 'app', 'an app', 'apps'],
    [{ ...all, bots: [], apps: [] }, 'library', 'a library', 'libraries'],
    [{ ...all, bots: [], apps: [], libraries: [] }, 'browser', 'a browser', 'browsers'],
    [{ crawlers: all.crawlers }, 'bot_generic', 'a crawler', 'crawlers'],
  ] as const)('%#', (lists, kind, name, list) => {
    expect(classify('Same bot/1.0', lists)).toMatchObject({ kind, name, decidedBy: { list, entry: name } });
  });

  test('in a list the first match wins', () => {
    const apps = [entry('second', 'Radio/2'), entry('first', 'Radio'), entry('third', 'Radio/3')];
    expect(classify('Radio/3', { apps }).name).toBe('first');
  });

  test('a library of category bot is a bot', () => {
    expect(classify('Same/1', { libraries: any('fetcher', { category: 'bot' }) }).kind).toBe('bot_library');
  });

  test('words are asked last, and an unknown agent without them counts', () => {
    expect(classify('NewBot/1.0')).toMatchObject({
      kind: 'bot_generic',
      name: null,
      decidedBy: { list: 'words', entry: 'bot' },
    });
    expect(classify('NewRadio/1.0')).toEqual({
      kind: 'unknown',
      name: null,
      device: null,
      deviceCategory: null,
      decidedBy: null,
    });
  });
});

describe('devices', () => {
  const devices = [entry('Phone', 'Phone', { category: 'mobile' }), entry('Thing', 'Thing')];

  test('are told of what may count, known or not', () => {
    expect(classify('Radio/1 (Phone Thing)', { apps: [entry('Radio', '^Radio')], devices })).toMatchObject({
      device: 'Phone',
      deviceCategory: 'mobile',
    });
    expect(classify('X (Thing)', { devices })).toMatchObject({ device: 'Thing', deviceCategory: null });
  });

  test('are not asked about bots', () => {
    expect(classify('Bot (Phone)', { bots: [entry('Bot', 'Bot')], devices }).device).toBeNull();
  });
});

describe('rules with dates', () => {
  const bots = [entry('Widget', 'Widget', { from: '2026-02-01', until: '2026-03-01' })];
  test.each([
    ['2026-01-31T23:59:59.999Z', 'unknown'],
    ['2026-02-01T00:00:00.000Z', 'bot_agent'],
    ['2026-02-28T23:59:59.999Z', 'bot_agent'],
    ['2026-03-01T00:00:00.000Z', 'unknown'],
  ])('at %s: %s', (at, kind) => {
    expect(classify('Widget/1', { bots }, Date.parse(at)).kind).toBe(kind);
  });
});

describe('cleaning', () => {
  test('line breaks and control characters do not hide a bot', () => {
    expect(classify('\r\nEvil\tBot\u0000', { bots: [entry('Evil', '^Evil Bot$')] }).name).toBe('Evil');
  });

  test('what stands after 512 characters is not looked at', () => {
    const crawlers = [entry('late', 'late')];
    expect(classify(`${'x'.repeat(508)}late`, { crawlers }).name).toBe('late');
    expect(classify(`${'x'.repeat(509)}late`, { crawlers }).name).toBeNull();
  });
});

describe('referrers', () => {
  const referrers = [
    entry('Player', '^https?://player\\.example', { category: 'host' }),
    entry('Forger', 'forged\\.example', { category: 'deny' }),
  ];
  const judge = (text: string | null) =>
    classifyReferrer(text, compileRules({ ...NONE, referrers }, 'test'), NOW);

  test.each([null, '', ' ', '-'])('%p is none, which is normal', (text) => {
    expect(judge(text)).toBeNull();
  });

  test('a known page has a name and a category', () => {
    expect(judge('https://player.example/e/1')).toEqual({ name: 'Player', category: 'host', isBad: false });
  });

  test.each(['https://unknown.example/', 'android-app://com.example.mail/'])('%s is fair', (text) => {
    expect(judge(text)).toEqual({ name: null, category: null, isBad: false });
  });

  test.each(['no address', '//player.example', 'javascript:alert(1)', 'https://'])(
    '%s is malformed',
    (text) => {
      expect(judge(text)?.isBad).toBe(true);
    },
  );

  test('one on the deny list is not believed', () => {
    expect(judge('https://www.forged.example/')).toEqual({ name: 'Forger', category: null, isBad: true });
  });
});
