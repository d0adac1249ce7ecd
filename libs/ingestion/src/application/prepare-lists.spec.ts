import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  LIST_FILES,
  type AgentListContent,
  type ListEntries,
  type ListFile,
} from '../domain/classification/list-entry.js';
import { compileRules } from '../infrastructure/compile-rules.js';
import { parseListFile } from '../infrastructure/parse-list-file.js';
import { AgentClassifier } from './agent-classifier.js';
import { prepareLists } from './prepare-lists.js';

const fixture = (file: ListFile) =>
  readFileSync(join(import.meta.dirname, '../infrastructure/fixtures/agent-list', `${file}.json`));
const LISTS = Object.fromEntries(
  LIST_FILES.map((file) => [file, parseListFile(file, fixture(file))]),
) as unknown as ListEntries;

describe('a list in the public format', () => {
  const lists = prepareLists(LISTS);
  const at = Date.UTC(2026, 9, 12);

  test('is proven by its own examples, of which devices may fail', () => {
    expect(lists.warnings).toEqual([
      'devices: "Shadowed phone" should be found for "x (Android 16; Pixel 10)", which leads to devices: Phone with Android',
    ]);
  });

  test.each([
    ['TidewaterBot/2.2', 'bot_agent', 'Tidewater crawler', null],
    ['Lanternfish/9 Preview', 'bot_agent', 'Lanternfish preview', null],
    ['Lanternfish/9 (iPhone)', 'app', 'Lanternfish', 'Phone of Apple'],
    ['%C3%96lkanne/3 (Android 15)', 'app', 'Ölkanne', 'Phone with Android'],
    ['HeronWidget/1.0', 'app', 'Heron', null],
    ['wavefetch/2', 'bot_library', 'wavefetch', null],
    ['Other/1 (Linux) soundkit/8', 'library', 'soundkit', 'Linux computer'],
    ['Mozilla/5.0 (X11; Linux) Grebe/13', 'browser', 'Grebe', 'Linux computer'],
    ['Mozilla/5.0 (compatible; SeznamBot/4.0)', 'browser', 'Generic Mozilla', null],
    ['SeznamBot', 'bot_generic', 'SeznamBot', null],
    ['nobody/1', 'unknown', null, null],
  ])('%s: %s', (agent, kind, name, device) => {
    expect(new AgentClassifier(lists.rules).agent(agent, at)).toMatchObject({ kind, name, device });
  });

  test('says which entries know an agent by no name, as it is stored and read again', () => {
    const apps = LISTS.apps.map((entry) => ({ ...entry, catchAll: entry.name === 'Heron' }));
    const marked = prepareLists({ ...LISTS, apps });
    const stored = compileRules(JSON.parse(marked.canonical) as AgentListContent, marked.version);
    for (const rules of [marked.rules, stored]) {
      const decided = (agent: string) => new AgentClassifier(rules).agent(agent, at).decidedBy;
      expect(decided('HeronWidget/1.0')).toEqual({ list: 'apps', entry: 'Heron', catchAll: true });
      expect(decided('Lanternfish/9')).toEqual({ list: 'apps', entry: 'Lanternfish' });
    }
    expect(marked.version).not.toBe(lists.version);
    const unmarked = LISTS.apps.map((entry) => ({ ...entry, catchAll: false }));
    expect(prepareLists({ ...LISTS, apps: unmarked }).version).toBe(lists.version);
  });

  test('an entry with an end holds until then', () => {
    const classifier = new AgentClassifier(lists.rules);
    const kindAt = (day: string) => classifier.agent('HeronWidget/1.0', Date.parse(day)).kind;
    expect([kindAt('2026-02-28'), kindAt('2026-03-01'), kindAt('2026-02-28')]).toEqual([
      'bot_agent',
      'app',
      'bot_agent',
    ]);
  });

  test('asks about referrers only where a browser sent them', () => {
    const classifier = new AgentClassifier(lists.rules);
    const referrerOf = (agent: string) =>
      classifier.referrer(classifier.agent(agent, at), 'https://player.harbour.example/e/2', at);
    expect(referrerOf('Mozilla/5.0 (X11; Linux) Grebe/13')).toMatchObject({ name: 'Harbour player' });
    expect(referrerOf('Lanternfish/9')).toBeNull();
  });

  test('is refused when an example leads elsewhere', () => {
    const [first, ...others] = LISTS.apps;
    const apps = [...others, { ...first!, examples: ['Something else'] }];
    expect(() => prepareLists({ ...LISTS, apps })).toThrow(
      '1 examples fail:\napps: "Lanternfish" should be found for "Something else", which leads to nothing',
    );
  });

  test('is refused when a bot takes the example of an app', () => {
    const bots = [{ name: 'Greedy', pattern: 'Lanternfish' }, ...LISTS.bots];
    expect(() => prepareLists({ ...LISTS, bots })).toThrow('leads to bots: Greedy');
  });
});

describe('the version of a list', () => {
  const { version } = prepareLists(LISTS);

  test('is a hash, the same for the same content', () => {
    expect(version).toMatch(/^[0-9a-f]{64}$/);
    expect(prepareLists(structuredClone(LISTS)).version).toBe(version);
  });

  test('does not change with examples', () => {
    const apps = LISTS.apps.map((entry) => ({ ...entry, examples: [] }));
    expect(prepareLists({ ...LISTS, apps }).version).toBe(version);
  });

  test.each<[string, (apps: ListEntries['apps']) => ListEntries['apps']]>([
    ['order', (apps) => [...apps].reverse()],
    ['a name', ([first, ...others]) => [{ ...first!, name: 'Lantern' }, ...others]],
    ['a pattern', ([first, ...others]) => [{ ...first!, pattern: '^Lantern' }, ...others]],
    ['a date', ([first, ...others]) => [{ ...first!, from: '2020-01-01' }, ...others]],
  ])('changes with %s', (_, change) => {
    expect(prepareLists({ ...LISTS, apps: change(LISTS.apps) }).version).not.toBe(version);
  });
});
