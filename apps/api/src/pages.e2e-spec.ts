import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestRuleSet, startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let tenant: { tenantId: string; key: string };

beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  tenant = await api.createTenant();
});

interface Listed {
  items: { id: string }[];
  next: string | null;
}

function list(path: string, key = tenant.key) {
  return api.call<Listed>('GET', path, { key });
}

/** How the rows of each list come about: `minutes` ago, for the ids given. */
const LISTS: Record<string, (tenantId: string, ids: string[], minutes: number[]) => Promise<unknown>> = {
  imports: (...row) =>
    api.database.owner.query(
      `INSERT INTO imports (tenant_id, id, source, created_at)
       SELECT $1, id, 'edge', date_trunc('day', now()) - ago * interval '1 minute'
       FROM unnest($2::uuid[], $3::int[]) AS r (id, ago)`,
      row,
    ),
  recounts: async (tenantId, ids, minutes) => {
    const ruleSetId = await createTestRuleSet(api.database, tenantId, '2.0.0');
    await api.database.owner.query(
      `INSERT INTO recounts (tenant_id, id, rule_set_id, first_day, last_day, requested_by, requested_at)
       SELECT $1, id, $4, '2026-03-01', '2026-03-01', 'test', date_trunc('day', now()) - ago * interval '1 minute'
       FROM unnest($2::uuid[], $3::int[]) AS r (id, ago)`,
      [tenantId, ids, minutes, ruleSetId],
    );
  },
  'privacy-requests': (...row) =>
    api.database.owner.query(
      `INSERT INTO privacy_requests (tenant_id, id, kind, listener_ids, requested_by, requested_at)
       SELECT $1, id, 'export', '{1}', 'test', date_trunc('day', now()) - ago * interval '1 minute'
       FROM unnest($2::uuid[], $3::int[]) AS r (id, ago)`,
      row,
    ),
  alerts: async (...row) => {
    await api.database.owner.query(
      `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, id, 'Podcast' FROM unnest($2::uuid[]) AS p (id)`,
      row.slice(0, 2),
    );
    await api.database.owner.query(
      `INSERT INTO alerts (tenant_id, id, podcast_id, day, hours, metric, evidence, direction, expected, actual, z,
                           likely_reason, found_at)
       SELECT $1, id, id, '2026-03-01', 24, 'downloads', 'origin_bytes', 'above', 100, 300, 8, 'unknown',
              date_trunc('day', now()) - ago * interval '1 minute'
       FROM unnest($2::uuid[], $3::int[]) AS r (id, ago)`,
      row,
    );
  },
  quarantines: (...row) =>
    api.database.owner.query(
      `INSERT INTO quarantines (tenant_id, id, day, detector, subject, requests, downloads)
       SELECT $1, id, '2026-03-01', 'flat_hours', id::text, 1000, 500 - ago FROM unnest($2::uuid[], $3::int[]) AS r (id, ago)`,
      row,
    ),
};

/** Five ids in the order of the list: the middle three came at one moment, and go by their ids. */
async function fill(name: string): Promise<string[]> {
  const [a = '', b = '', c = '', ...rest] = Array.from({ length: 5 }, () => randomUUID())
    .sort()
    .reverse();
  const ids = [rest[0] ?? '', a, b, c, rest[1] ?? ''];
  await LISTS[name]!(tenant.tenantId, [b, ids[4]!, a, ids[0]!, c], [2, 3, 2, 1, 2]);
  return ids;
}

describe.each(Object.keys(LISTS))('the list of %s', (name) => {
  test('is read page by page to its end, newest first', async () => {
    const ids = await fill(name);
    const pages: string[][] = [];
    let cursor = '';
    do {
      const { status, body } = await list(`/v1/${name}?limit=2${cursor}`);
      expect(status).toBe(200);
      pages.push(body.items.map(({ id }) => id));
      cursor = body.next === null ? '' : `&cursor=${body.next}`;
    } while (cursor !== '' && pages.length < 5);
    expect(pages).toEqual([ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
    expect((await list(`/v1/${name}`)).body).toMatchObject({ items: ids.map((id) => ({ id })), next: null });
  });

  test('takes no cursor that is another list’s, another tenant’s or changed', async () => {
    await fill(name);
    const { body: own } = await list(`/v1/${name}?limit=2`);
    expect(own.next).not.toBeNull();
    const stranger = await api.createTenant('Stranger');
    for (const other of Object.keys(LISTS).filter((each) => each !== name))
      expect((await list(`/v1/${other}?cursor=${own.next}`)).body).toMatchObject(REFUSED);
    expect((await list(`/v1/${name}?cursor=${own.next}`, stranger.key)).body).toMatchObject(REFUSED);
    expect((await list(`/v1/${name}?cursor=${own.next}x`)).body).toMatchObject(REFUSED);
  });

  test('has pages of 1 to 200', async () => {
    for (const limit of ['0', '201', '-1', '1e9', 'NaN'])
      expect([limit, (await list(`/v1/${name}?limit=${limit}`)).status]).toEqual([limit, 400]);
    expect((await list(`/v1/${name}?limit=200`)).body).toEqual({ items: [], next: null });
  });
});

const REFUSED = { status: 400, code: 'invalid_cursor', field: 'cursor' };

test('a page of the findings of one state goes on with that state', async () => {
  const ids = await fill('quarantines');
  await api.database.owner.query(`UPDATE quarantines SET state = 'confirmed' WHERE id = ANY ($1)`, [
    [ids[0], ids[2], ids[4]],
  ]);
  const first = (await list('/v1/quarantines?state=confirmed&limit=1')).body;
  const rest = (await list(`/v1/quarantines?state=confirmed&cursor=${first.next}`)).body;
  expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([ids[0], ids[2], ids[4]]);
  expect((await list(`/v1/quarantines?cursor=${first.next}`)).body).toMatchObject(REFUSED);
});
