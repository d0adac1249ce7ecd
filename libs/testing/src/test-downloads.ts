import { randomUUID } from 'node:crypto';
import type { TestDatabase } from './test-database.js';

/** So many downloads of an episode, all begun and complete at noon of a UTC day. */
export interface TestDownloads {
  /** `YYYY-MM-DD`. */
  day: string;
  podcastId: string;
  episodeId: string;
  downloads: number;
  /** `origin_bytes` when left out. */
  evidence?: 'origin_bytes' | 'prefix_only';
}

const RULES = {
  window: 'calendar_day',
  contentSeconds: 60,
  header: 'required',
  requestsPerAddressDay: null,
  breadth: { episodes: 30, minutes: 10 },
  filteredNetworks: ['hosting', 'vpn'],
};

/** Stores a rule set past every wall. Returns its id. `rules` are what differs from the product's. */
export async function createTestRuleSet(
  { owner }: TestDatabase,
  tenantId: string,
  version: string,
  rules: object = {},
): Promise<string> {
  const id = randomUUID();
  await owner.query(
    `INSERT INTO rule_sets (tenant_id, id, version, valid_from, rules, agent_list, note, created_by)
     VALUES ($1, $2, $3, '2020-01-01', $4, $5, 'for a test', 'test')`,
    [tenantId, id, version, JSON.stringify({ ...RULES, ...rules }), '0'.repeat(64)],
  );
  return id;
}

/** Stores downloads as counted under a rule set, and shows their days under it. */
export async function showTestDownloads(
  { owner }: TestDatabase,
  tenantId: string,
  ruleSetId: string,
  numbers: readonly TestDownloads[],
): Promise<void> {
  for (const { day, podcastId, episodeId, downloads, evidence = 'origin_bytes' } of numbers) {
    await owner.query(
      `INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of) VALUES ($1, $2, $3, now())
       ON CONFLICT (tenant_id, day) DO UPDATE SET rule_set_id = $3`,
      [tenantId, day, ruleSetId],
    );
    await owner.query(
      `INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                              podcast_id, episode_id, listener_id, evidence, app, device, country)
       SELECT $1, $2, $3::date, n, gen_random_uuid(), $3::date + interval '12 hours', $3::date + interval '12 hours',
              $4, $5, n, $6, 'unknown', 'unknown', ''
       FROM generate_series(1, $7) AS n`,
      [tenantId, ruleSetId, day, podcastId, episodeId, evidence, downloads],
    );
  }
}
