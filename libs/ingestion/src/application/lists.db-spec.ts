import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  connectTestDatabase,
  createTestDatabase,
  testSettings,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { BUILT_IN_LISTS } from '../domain/classification/built-in/built-in-lists.js';
import type { ListFile } from '../domain/classification/list-entry.js';
import { activateList, activeList, keepList } from '../infrastructure/lists.sql.js';
import { AgentLists } from './agent-lists.js';
import { ListsService } from './lists.service.js';
import { NetworkLists } from './network-lists.js';
import { prepareLists } from './prepare-lists.js';

let database: TestDatabase;
let connections: TestConnections;
let lists: ListsService;
beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  lists = new ListsService(connections.settings, connections.app, connections.maintenance);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  await database.owner.query('DELETE FROM lists');
});

const fixture = async (file: ListFile): Promise<Uint8Array> =>
  readFileSync(join(import.meta.dirname, '../infrastructure/fixtures/agent-list', `${file}.json`));
/** The fixture without its last app. */
const shorter = async (file: ListFile): Promise<Uint8Array> => {
  const bytes = await fixture(file);
  if (file !== 'apps') return bytes;
  const value = JSON.parse(Buffer.from(bytes).toString()) as { entries: unknown[] };
  return Buffer.from(JSON.stringify({ entries: value.entries.slice(0, -1) }));
};
const active = (kind: 'agents' | 'networks') => connections.app.transaction((sql) => activeList(sql, kind));
const csv = (...lines: string[]) => Buffer.from(['cidr,class,asn,country', ...lines].join('\n'));

describe('a list of agents', () => {
  test('is stored under its hash, put in force, and classifies from its stored content', async () => {
    const update = await lists.updateAgents(fixture, 'the fixture');
    expect(update).toMatchObject({
      isNew: true,
      previous: null,
      summary: { bots: 3, apps: 3, libraries: 2, browsers: 2, devices: 4, referrers: 3 },
    });
    expect(await active('agents')).toBe(update.version);
    const classifier = await connections.app.transaction((sql) =>
      new AgentLists().classifier(sql, update.version),
    );
    expect(classifier.agent('Lanternfish/3 (iPhone)', Date.now())).toMatchObject({
      kind: 'app',
      name: 'Lanternfish',
    });
    expect(classifier.agent('SeznamBot', Date.now()).kind).toBe('bot_generic');
    const { rows } = await database.owner.query('SELECT source, summary, changes FROM lists');
    expect(rows).toEqual([
      {
        source: 'the fixture',
        summary: update.summary,
        changes: JSON.parse(JSON.stringify(update.changes)) as object,
      },
    ]);
  });

  test('tells what is different from the list in force before', async () => {
    const first = await lists.updateAgents(fixture, 'first');
    const second = await lists.updateAgents(shorter, 'second');
    expect(second.previous).toBe(first.version);
    expect(second.changes).toEqual({
      files: { apps: { added: [], removed: ['Ölkanne'], changed: [], reordered: false } },
    });
  });

  test('loaded again is the same version, and back in force', async () => {
    const first = await lists.updateAgents(fixture, 'first');
    await lists.updateAgents(shorter, 'second');
    expect(await lists.updateAgents(fixture, 'third')).toMatchObject({
      version: first.version,
      isNew: false,
    });
    expect(await active('agents')).toBe(first.version);
    expect((await lists.versions()).map(({ source }) => source)).toEqual(['first', 'second']);
  });

  test('that is refused leaves the one in force', async () => {
    const { version } = await lists.updateAgents(fixture, 'first');
    const broken = async (file: ListFile): Promise<Uint8Array> =>
      file === 'browsers' ? Buffer.from('{"entries":[{"name":"x","pattern":"(?=x)"}]}') : fixture(file);
    await expect(lists.updateAgents(broken, 'second')).rejects.toMatchObject({
      code: 'list_pattern_refused',
    });
    expect(await active('agents')).toBe(version);
    expect(await lists.versions()).toHaveLength(1);
  });

  test('of which a file has no entries leaves the one in force', async () => {
    const { version } = await lists.updateAgents(fixture, 'first');
    const withoutBots = async (file: ListFile): Promise<Uint8Array> =>
      file === 'bots' ? Buffer.from('{"entries":[]}') : fixture(file);
    await expect(lists.updateAgents(withoutBots, 'second')).rejects.toMatchObject({
      code: 'list_empty',
      message: expect.stringContaining('bots'),
    });
    expect(await active('agents')).toBe(version);
    expect(await lists.versions()).toHaveLength(1);
  });

  test.each(['true', 'false'])(
    'is fetched over https only, private addresses allowed: %s',
    async (FEED_ALLOW_PRIVATE_ADDRESSES) => {
      const service = new ListsService(
        testSettings(database, { FEED_ALLOW_PRIVATE_ADDRESSES }),
        connections.app,
        connections.maintenance,
      );
      for (const place of ['http://127.0.0.1:9/lists', 'http://lists.example/x', 'file:///etc']) {
        await expect(service.fetchAgents(place)).rejects.toMatchObject({
          code: 'list_unreadable',
          message: 'a list is fetched over https only',
        });
      }
    },
  );

  test('can be put in force again by the beginning of its hash', async () => {
    const first = await lists.updateAgents(fixture, 'first');
    await lists.updateAgents(shorter, 'second');
    expect(await lists.activate(first.version.slice(0, 8))).toMatchObject({ source: 'first' });
    expect(await active('agents')).toBe(first.version);
    await expect(lists.activate('0000000000')).rejects.toMatchObject({ code: 'list_not_found' });
    await expect(lists.activate(first.version.slice(0, 3))).rejects.toMatchObject({ code: 'list_not_found' });
  });

  test('that comes with the product is stored when it is first needed, and is not in force', async () => {
    const { version } = prepareLists(BUILT_IN_LISTS);
    const needed = new AgentLists();
    for (let times = 0; times < 2; times += 1)
      expect(await connections.app.transaction((sql) => needed.require(sql, undefined))).toBe(version);
    expect(await active('agents')).toBeUndefined();
    expect(await lists.versions()).toMatchObject([
      { sha256: version, source: 'built-in', activatedAt: null },
    ]);
    const classifier = await connections.app.transaction((sql) => new AgentLists().classifier(sql, version));
    expect(classifier.agent('Overcast/900 CFNetwork/1 Darwin/2', Date.now()).name).toBe('Overcast');
  });
});

describe('a file of networks', () => {
  test('answers as a whole once it is in force', async () => {
    const networks = new NetworkLists(connections.app);
    expect((await networks.current()).look('192.0.2.7')).toMatchObject({ networkClass: 'unknown' });
    const update = await lists.updateNetworks(csv('192.0.2.0/24,hosting,64500,US'), 'networks.csv');
    expect(update).toMatchObject({ isNew: true, previous: null, summary: { blocks: 1, hosting: 1 } });
    await networks.refresh();
    expect((await networks.current()).look('192.0.2.7')).toEqual({
      networkClass: 'hosting',
      asn: 64500,
      country: 'US',
    });
    expect((await networks.current()).version).toBe(update.version);
    // Another process finds it by itself.
    expect((await new NetworkLists(connections.app).current()).version).toBe(update.version);
  });

  test('keeps answering, and what it knows, while nothing changes', async () => {
    await lists.updateNetworks(csv('192.0.2.0/24,hosting,64500,US'), 'networks.csv');
    const networks = new NetworkLists(connections.app);
    const before = await networks.current();
    expect(await networks.refresh()).toBe(before);
    expect(await networks.current()).toBe(before);
  });

  test('tells what is different', async () => {
    await lists.updateNetworks(csv('192.0.2.0/24,hosting,64500,US', '198.51.100.0/24,vpn,,'), 'first');
    const second = await lists.updateNetworks(
      csv('192.0.2.0/24,business,64500,US', '203.0.113.0/24,tor,,'),
      'second',
    );
    expect(second.changes).toEqual({ blocks: { added: 1, removed: 1, changed: 1 } });
  });
});

describe('a file of networks without a line', () => {
  test.each([
    ['only its header', 'cidr,class,asn,country\n'],
    ['nothing', ''],
    ['one line, and no header', '192.0.2.0/24,hosting\n'],
  ])('that has %s leaves the one in force', async (_, text) => {
    const { version } = await lists.updateNetworks(csv('192.0.2.0/24,hosting,64500,US'), 'networks.csv');
    await expect(lists.updateNetworks(Buffer.from(text), 'second')).rejects.toMatchObject({
      code: 'list_empty',
      message: expect.stringContaining('networks'),
    });
    expect(await active('networks')).toBe(version);
    expect(await lists.versions()).toHaveLength(1);
  });

  test('that is in force from before is read, and another takes its place', async () => {
    const content = gzipSync('cidr,class\n');
    await connections.maintenance.transaction(async (sql) => {
      await keepList(sql, { kind: 'networks', sha256: '0'.repeat(64), source: 'old', content, summary: {} });
      await activateList(sql, 'networks', '0'.repeat(64));
    });
    const networks = new NetworkLists(connections.app);
    expect((await networks.current()).look('192.0.2.7')).toMatchObject({ networkClass: 'unknown' });
    const update = await lists.updateNetworks(csv('192.0.2.0/24,hosting,64500,US'), 'networks.csv');
    expect(await active('networks')).toBe(update.version);
  });
});

test('the application itself cannot put a list in force', async () => {
  await lists.updateAgents(fixture, 'first');
  await expect(connections.app.query('UPDATE lists SET activated_at = now()')).rejects.toThrow(
    'permission denied',
  );
  await expect(connections.maintenance.query("UPDATE lists SET content = ''")).rejects.toThrow(
    'permission denied',
  );
  await expect(connections.maintenance.query('DELETE FROM lists')).rejects.toThrow('permission denied');
});
