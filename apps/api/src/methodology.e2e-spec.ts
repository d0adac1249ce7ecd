import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DAY_MS, utcDate } from '@lib/primitives';
import { createTestRuleSet, showTestDownloads, startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

interface Section {
  id: string;
  facts: { label: string; value: string }[];
  table: { rows: string[][] } | null;
}
interface Methodology extends Record<string, unknown> {
  title: string;
  statement: string;
  ruleSetVersion: string;
  sections: Section[];
  divergences: { id: string; reason: string }[];
  findings: { id: string }[];
}

const daysAgo = (days: number) => utcDate(new Date(Date.now() - days * DAY_MS));

let api: TestApi;
let tenantId: string;
let key: string;
beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant('Harbour <Light>'));
});

async function read(credential = key): Promise<Methodology> {
  const answer = await api.call<Methodology>('GET', '/v1/methodology', { key: credential });
  expect(answer.status).toBe(200);
  return answer.body;
}
async function markdown(): Promise<string> {
  const answer = await api.call<string>('GET', '/v1/methodology?format=markdown', { key });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('text/markdown; charset=utf-8');
  return answer.body;
}
const rowsOf = ({ sections }: Methodology, id: string) =>
  sections.find((part) => part.id === id)?.table?.rows ?? [];
const idsOf = (parts: { id: string }[]) => parts.map(({ id }) => id);

async function createPodcast(title: string): Promise<string> {
  return (await api.call<{ id: string }>('POST', '/v1/podcasts', { key, body: { title } })).body.id;
}

describe('the description of methodology', () => {
  test('of a tenant that has counted nothing is that of the defaults, and stores nothing', async () => {
    const body = await read();
    expect(body).toMatchObject({
      title: 'Description of methodology: Harbour <Light>',
      statement: 'Implements the rules of PTMG v2.3; not certified.',
      ruleSetVersion: '1.0.0',
    });
    expect(idsOf(body.divergences)).toEqual(['networks_unknown', 'no_volume_limit', 'breadth']);
    expect(idsOf(body.findings)).toEqual(['no_network_data']);
    const stored = await api.database.owner.query(`SELECT FROM rule_sets WHERE tenant_id = $1`, [tenantId]);
    expect(stored.rows).toEqual([]);
  });

  test('shows what is configured, loaded, listed and decided', async () => {
    const podcastId = await createPodcast('Signal | Salt');
    await createPodcast('Silent');
    const hash = 'd'.repeat(64);
    await api.database.owner.query(
      `INSERT INTO lists (list_id, kind, sha256, source, content, activated_at)
       VALUES (gen_random_uuid(), 'networks', $1, 'networks.csv', '', now())`,
      [hash],
    );
    const rules = { window: 'first_touch', contentSeconds: null, filteredNetworks: ['vpn'] };
    const ruleSetId = await createTestRuleSet(api.database, tenantId, '3.1.0', rules);
    const downloads = { podcastId, episodeId: podcastId, downloads: 1 };
    const days = [daysAgo(31), daysAgo(30), daysAgo(1)].map((day) => ({ ...downloads, day }));
    await showTestDownloads(api.database, tenantId, ruleSetId, days);
    for (const [day, evidence] of [
      [daysAgo(1), 'origin_bytes'],
      [daysAgo(30), 'prefix_only'],
      [daysAgo(31), 'client_confirmed'],
    ])
      await api.database.owner.query(
        `INSERT INTO metrics_daily (tenant_id, day, podcast_id, metric, evidence, rule_set_id, value, episodes)
         VALUES ($1, $2, $3, 'downloads', $4, $5, 1, 1)`,
        [tenantId, day, podcastId, evidence, ruleSetId],
      );
    for (const entry of [
      { kind: 'included', network: '203.0.113.0/24', reason: 'A dormitory' },
      { kind: 'excluded', network: '198.51.100.7', reason: 'A scraper' },
    ])
      await api.call('POST', '/v1/address-lists', { key, body: { ...entry, author: 'R. Keller' } });
    await api.database.owner.query(
      `UPDATE address_lists SET validated_at = now() - interval '91 days' WHERE tenant_id = $1`,
      [tenantId],
    );
    await api.database.owner.query(
      `INSERT INTO quarantines (tenant_id, id, day, detector, subject, requests, downloads, state)
       VALUES ($1, gen_random_uuid(), $2, 'rate', 'x', 5, 1, 'confirmed')`,
      [tenantId, daysAgo(2)],
    );
    await api.database.owner.query(
      `INSERT INTO annotations (tenant_id, id, happened_at, kind, podcast_id)
       SELECT $1, gen_random_uuid(), $2::date + interval '1 hour', kind, podcast_id
       FROM (VALUES ('feed_moved', $3::uuid), ('feed_moved', $3), ('recount_applied', NULL)) AS a (kind, podcast_id)`,
      [tenantId, daysAgo(5), podcastId],
    );
    await api.database.owner.query(
      `WITH import AS (
         INSERT INTO imports (tenant_id, id, source, first_day, last_day)
         SELECT $1, gen_random_uuid(), 'log', day::date, day::date FROM unnest($2::text[]) AS d (day) RETURNING id, first_day
       )
       INSERT INTO import_files (tenant_id, import_id, sha256, name, format, faults, conflicts)
       SELECT $1, id, encode(sha256(first_day::text::bytea), 'hex'), 'access.log', 'combined', 3, 2 FROM import`,
      [tenantId, [daysAgo(4), daysAgo(40)]],
    );
    await api.database.owner.query(
      `INSERT INTO unrecorded_requests (tenant_id, id, podcast_id, day, reason, requests)
       SELECT $1, gen_random_uuid(), $2, day::date, 'spool_full', 7 FROM unnest($3::text[]) AS d (day)`,
      [tenantId, podcastId, [daysAgo(0), daysAgo(1), daysAgo(30), daysAgo(31)]],
    );

    const body = await read();
    expect(body.ruleSetVersion).toBe('3.1.0');
    expect(rowsOf(body, 'rule_set')).toEqual([['3.1.0', daysAgo(30), daysAgo(1), '2']]);
    expect(rowsOf(body, 'lists')[1]).toEqual(['networks', hash, 'networks.csv', daysAgo(0), daysAgo(0)]);
    expect(rowsOf(body, 'evidence')).toEqual([
      ['Signal | Salt', 'origin_bytes, prefix_only'],
      ['Silent', 'none'],
    ]);
    expect(rowsOf(body, 'inclusion_list')).toEqual([['A dormitory', daysAgo(91), daysAgo(1), 'lapsed']]);
    expect(rowsOf(body, 'exclusion_list')).toEqual([['A scraper', daysAgo(0), '']]);
    expect(JSON.stringify(body)).toContain('1 confirmed, 0 dismissed, 0 open');
    expect(idsOf(body.divergences)).toEqual(
      expect.arrayContaining(['no_threshold', 'hosting_counts', 'prefix_without_threshold']),
    );
    expect(rowsOf(body, 'anomalies')).toEqual([
      [daysAgo(5), 'The feed moved to another address', 'Signal | Salt', '2'],
      [daysAgo(5), 'Days were shown under another rule set', 'all', '1'],
    ]);
    expect(body.sections.find(({ id }) => id === 'anomalies')?.facts.map(({ value }) => value)).toEqual([
      '28',
      '14',
      '3',
      '2',
      '1',
    ]);
    expect(idsOf(body.findings)).toEqual(
      expect.arrayContaining([
        'inclusions_lapsed',
        'uncounted_days',
        'requests_not_recorded',
        'log_lines_left_out',
        'imports_unfinished',
      ]),
    );

    const text = await markdown();
    expect(text).toMatch(/^# Description of methodology: Harbour &lt;Light&gt;\n/);
    expect(text).toContain('| Signal \\| Salt | origin\\_bytes, prefix\\_only |');
    expect(text).toContain('first touch: requests less than 24 hours after the first');
    expect(text + JSON.stringify(body)).not.toMatch(/203\.0\.113|198\.51\.100/);
  });

  test('shows self-audits, and when the next one is due', async () => {
    const audit = { performedOn: daysAgo(400), result: 'No difference', author: 'R. Keller' };
    const recorded = await api.call('POST', '/v1/methodology/self-audits', { key, body: audit });
    expect(recorded).toMatchObject({ status: 201, body: audit });
    const overdue = await read();
    expect(rowsOf(overdue, 'self_audits')).toEqual([[audit.performedOn, 'No difference', 'R. Keller']]);
    expect(idsOf(overdue.findings)).toContain('self_audit_overdue');
    await api.call('POST', '/v1/methodology/self-audits', {
      key,
      body: { ...audit, performedOn: daysAgo(3) },
    });
    const current = await read();
    expect(idsOf(current.findings)).not.toContain('self_audit_overdue');
    expect(JSON.stringify(current)).toContain(daysAgo(3 - 182));
    expect(rowsOf(current, 'anomalies')).toEqual([]);
  });

  test.each([
    ['performedOn', { performedOn: daysAgo(-1) }],
    ['performedOn', { performedOn: '2026-02-30' }],
    ['performedOn', { performedOn: 'today' }],
    ['result', { result: ' ' }],
    ['author', { author: '' }],
    ['by', { by: 'me' }],
  ])('a self-audit with an unusable %s is refused', async (field, body) => {
    const audit = { performedOn: daysAgo(3), result: 'x', author: 'y', ...body };
    const answer = await api.call('POST', '/v1/methodology/self-audits', { key, body: audit });
    expect(answer).toMatchObject({ status: 400, body: { field } });
  });

  test('is open to readers, its record only to administrators, and the format is one of two', async () => {
    const created = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'x', scopes: ['read', 'write'] },
    });
    const reader = created.body.credential;
    await read(reader);
    const audit = { performedOn: daysAgo(3), result: 'x', author: 'y' };
    const refused = await api.call('POST', '/v1/methodology/self-audits', { key: reader, body: audit });
    expect(refused.status).toBe(403);
    const pdf = await api.call('GET', '/v1/methodology?format=pdf', { key });
    expect(pdf).toMatchObject({ status: 400, body: { field: 'format' } });
  });

  test('of tenant B holds nothing of A', async () => {
    await createPodcast('Only of A');
    await createTestRuleSet(api.database, tenantId, '9.9.9');
    const body = { performedOn: daysAgo(3), result: 'Result of A', author: 'y' };
    await api.call('POST', '/v1/methodology/self-audits', { key, body });
    expect(JSON.stringify(await read())).toMatch(/Only of A.*Result of A/);
    const b = await api.createTenant('B');
    expect(JSON.stringify(await read(b.key))).not.toMatch(/Only of A|Result of A|9\.9\.9|Harbour/);
  });
});
