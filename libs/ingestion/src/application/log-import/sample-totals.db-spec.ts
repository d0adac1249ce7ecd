import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { toTenantId, type TenantId } from '@lib/primitives';
import {
  connectTestDatabase,
  createTestDatabase,
  createTestTenant,
  type TestConnections,
  type TestDatabase,
} from '@lib/testing';
import { EngineInForce, EnsurePartitions } from '@lib/time-series';
import { DOWNLOAD_WINDOWS, type DownloadWindow } from '../../domain/counting/counting-rules.js';
import { AddressLists } from '../address-lists.js';
import { AgentLists } from '../agent-lists.js';
import { AgentReader } from '../agent-reader.js';
import { CountDownloads } from '../count-downloads.js';
import { ExplainService, type Explanation } from '../explain.service.js';
import { ListenerKeys } from '../listener-keys.js';
import { ListsService } from '../lists.service.js';
import { NetworkLists } from '../network-lists.js';
import { ClientReader } from '../client-reader.js';
import { NetworkReader } from '../network-reader.js';
import { PrivacyPolicies } from '../privacy/privacy-policies.js';
import { RuleSetsService } from '../rule-sets.service.js';
import { LogImportService } from './import-log.service.js';

/** Two made-up logs with known answers, from the file to the explained count. */
const FIXTURES = join(__dirname, '../../domain/access-log/fixtures');
const fixture = (name: string): Buffer => readFileSync(join(FIXTURES, name));
const EPISODES = fixture('episodes.csv').toString().trimEnd().split('\n').slice(1);

const LOGS = {
  cloudfront: {
    file: 'cloudfront.standard.tsv',
    host: 'media.harbourlight.example',
    days: { from: '2026-10-12', to: '2026-10-15' },
    downloads: { calendar_day: 165, first_touch: 166, last_touch: 165 },
    requests: 308,
    outcomes: {
      duplicate_delivery: 1,
      not_an_episode: 5,
      not_get: 8,
      status: 8,
      range_probe: 23,
      apple_watch: 6,
      malformed_agent: 2,
      bots: 12,
      networks: 11,
      below_threshold: 14,
      further: 53,
      counted: 165,
    },
  },
  nginx: {
    file: 'nginx.combined-range.log',
    host: 'audio.dailyledger.example',
    days: { from: '2026-10-15', to: '2026-10-17' },
    downloads: { calendar_day: 143, first_touch: 143, last_touch: 142 },
    requests: 300,
    outcomes: {
      not_an_episode: 6,
      not_get: 8,
      status: 7,
      range_probe: 14,
      apple_watch: 4,
      malformed_agent: 1,
      bots: 10,
      networks: 4,
      breadth: 45,
      below_threshold: 21,
      further: 37,
      counted: 143,
    },
  },
} as const;

/** Outcomes that the known answers name together. */
const TOGETHER: Readonly<Record<string, string>> = {
  bot_agent: 'bots',
  bot_library: 'bots',
  bot_generic: 'bots',
  datacentre: 'networks',
  vpn: 'networks',
  merged_piece: 'further',
  repeat_in_window: 'further',
};

let database: TestDatabase;
let connections: TestConnections;
let tenantId: TenantId;
let imports: LogImportService;
let counter: CountDownloads;
let explain: ExplainService;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = connectTestDatabase(database);
  const { settings, db, app, maintenance } = connections;
  await new ListsService(settings, app, maintenance).updateNetworks(fixture('networks.csv'), 'test');
  const agentLists = new AgentLists();
  const ruleSets = new RuleSetsService(db, agentLists);
  const agents = new AgentReader(agentLists);
  const clients = new ClientReader(
    new NetworkReader(new NetworkLists(app), new AddressLists(app)),
    new PrivacyPolicies(app),
  );
  const partitions = new EnsurePartitions(settings, new EngineInForce(settings, maintenance), maintenance);
  imports = new LogImportService(new ListenerKeys(settings, app), clients, partitions, app);
  counter = new CountDownloads(db, ruleSets, agents, app, createLogger('silent'));
  explain = new ExplainService(db, ruleSets, agents);
});
afterAll(async () => {
  await connections.close();
  await database.drop();
});
beforeEach(async () => {
  const tenant = await createTestTenant(database);
  tenantId = toTenantId(tenant.tenantId);
  const rows = EPISODES.map((row) => row.split(','));
  await database.owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, media_key, media_bytes, header_bytes, duration_seconds)
     SELECT $1, gen_random_uuid(), $2, e.key, e.key, e.key, e.bytes, e.header, e.duration
     FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::integer[]) AS e (key, bytes, header, duration)`,
    [
      tenantId,
      tenant.podcastId,
      [
        ...rows.map(([log, path]) => `${LOGS[log as keyof typeof LOGS].host}${path}`),
        `${LOGS.nginx.host}/hls/ml-0299/master.m3u8`,
      ],
      [...rows.map(([, , bytes]) => bytes), null],
      [...rows.map(([, , , header]) => header), null],
      [...rows.map(([, , , , duration]) => duration), 674],
    ],
  );
});

async function importLog(name: keyof typeof LOGS): Promise<void> {
  const bytes = fixture(LOGS[name].file);
  const file = {
    name: LOGS[name].file,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *read() {
      yield bytes;
    },
  };
  const hosts = { missing: LOGS.nginx.host, aliases: new Map<string, string>() };
  await imports.importFile(tenantId, file, {
    source: name,
    hosts,
    replace: false,
    evenWithoutEpisodes: false,
  });
  for (let days = 1; days > 0;) ({ days } = await counter.run());
}

const explained = (name: keyof typeof LOGS, window: DownloadWindow | null): Promise<Explanation> =>
  connections.db.run(tenantId, () =>
    explain.answer({ ...LOGS[name].days, podcastId: null, episodeId: null, window }),
  );

describe.each(['cloudfront', 'nginx'] as const)('the %s log', (name) => {
  const { downloads, outcomes, requests } = LOGS[name];

  test('is counted as it is known to be, in all three windows', async () => {
    await importLog(name);
    const { rows } = await database.owner.query(
      'SELECT count(*)::int AS n FROM downloads WHERE tenant_id = $1 AND evidence = $2',
      [tenantId, 'origin_bytes'],
    );
    expect(rows).toEqual([{ n: downloads.calendar_day }]);
    for (const window of DOWNLOAD_WINDOWS) {
      const [funnel] = (await explained(name, window)).funnels;
      expect([window, funnel?.counted]).toEqual([window, downloads[window]]);
    }
  });

  test('is explained to the last line', async () => {
    await importLog(name);
    const { funnels } = await explained(name, null);
    const found: Record<string, number> = {};
    for (const { outcome, requests: some } of funnels.flatMap(({ steps }) => steps)) {
      const key = TOGETHER[outcome] ?? outcome;
      if (some > 0) found[key] = (found[key] ?? 0) + some;
    }
    expect(found).toEqual(outcomes);
    expect(Object.values(found).reduce((sum, some) => sum + some, 0)).toBe(requests);
  });
});
