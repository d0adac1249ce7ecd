import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DAY_MS, utcDate } from '@lib/primitives';
import {
  createTestRuleSet,
  showTestDownloads,
  startTestApi,
  type TestApi,
  type TestDownloads,
} from '@lib/testing';
import pg from 'pg';
import { createApi } from './create-api.js';

interface Snapshot extends Record<string, unknown> {
  id: string;
  provisional: boolean;
}
interface Detail extends Snapshot {
  differs: boolean;
  totals: { evidence: string; was: number; wouldBe: number; differing: number }[];
  numbers: { day: string; episodeId: string; evidence: string; was: number; wouldBe: number }[];
  next: string | null;
}

const DAYS = { firstDay: '2026-03-01', lastDay: '2026-03-31' };

let api: TestApi;
let tenantId: string;
let key: string;
let ruleSetId: string;
let podcasts: string[];
let episodes: string[];

beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());
beforeEach(async () => {
  ({ tenantId, key } = await api.createTenant());
  [podcasts, episodes] = [[], []];
  for (const title of ['One', 'Two']) {
    const podcast = await api.call<{ id: string }>('POST', '/v1/podcasts', { key, body: { title } });
    podcasts.push(podcast.body.id);
    const path = `/v1/podcasts/${podcast.body.id}/episodes`;
    episodes.push((await api.call<{ id: string }>('POST', path, { key, body: { title } })).body.id);
  }
  ruleSetId = await createTestRuleSet(api.database, tenantId, '1.0.0');
});

/** Shows downloads of podcast 0 or 1. */
function show(
  numbers: readonly [day: string, podcast: number, downloads: number][],
  under = ruleSetId,
  evidence?: TestDownloads['evidence'],
) {
  const rows = numbers.map(([day, podcast, downloads]) => ({
    day,
    podcastId: podcasts[podcast] ?? '',
    episodeId: episodes[podcast] ?? '',
    downloads,
    ...(evidence && { evidence }),
  }));
  return showTestDownloads(api.database, tenantId, under, rows);
}
async function take(body: object = {}): Promise<Snapshot> {
  const answer = await api.call<Snapshot>('POST', '/v1/snapshots', {
    key,
    body: { name: randomUUID(), ...DAYS, ...body },
  });
  expect(answer.status).toBe(201);
  return answer.body;
}
async function read(id: string, query = ''): Promise<Detail> {
  const answer = await api.call<Detail>('GET', `/v1/snapshots/${id}${query}`, { key });
  expect(answer.status).toBe(200);
  return answer.body;
}

describe('a snapshot', () => {
  test('holds what is shown on its days, by episode and evidence', async () => {
    await show([
      ['2026-02-28', 0, 5],
      ['2026-03-01', 0, 3],
      ['2026-03-31', 1, 2],
      ['2026-04-01', 0, 7],
    ]);
    await show([['2026-03-01', 0, 1]], ruleSetId, 'prefix_only');
    const taken = await take({ name: 'Invoice 3' });
    expect(taken).toEqual({
      ...DAYS,
      id: expect.any(String),
      name: 'Invoice 3',
      podcastId: null,
      createdBy: expect.stringMatching(/^key \w+$/),
      createdAt: expect.any(String),
      provisional: false,
    });
    const number = {
      was: 0,
      wouldBe: 0,
      wasUnder: ['1.0.0'],
      wouldBeUnder: ['1.0.0'],
      evidence: 'origin_bytes',
    };
    const [first, second] = [0, 1].map((at) => ({ podcastId: podcasts[at], episodeId: episodes[at] }));
    expect(await read(taken.id)).toEqual({
      ...taken,
      differs: false,
      totals: [
        { evidence: 'origin_bytes', was: 5, wouldBe: 5, differing: 0 },
        { evidence: 'prefix_only', was: 1, wouldBe: 1, differing: 0 },
      ],
      numbers: [
        { ...number, ...first, day: '2026-03-01', was: 3, wouldBe: 3 },
        { ...number, ...first, day: '2026-03-01', evidence: 'prefix_only', was: 1, wouldBe: 1 },
        { ...number, ...second, day: '2026-03-31', was: 2, wouldBe: 2 },
      ],
      next: null,
    });
    const list = await api.call<{ items: Snapshot[] }>('GET', '/v1/snapshots', { key });
    expect(list.body.items).toEqual([taken]);
  });

  test('is listed in pages, the youngest first', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) ids.unshift((await take({ name })).id);
    const page = async (query: string) =>
      (
        await api.call<{ items: Snapshot[]; next: string | null }>('GET', `/v1/snapshots?limit=2${query}`, {
          key,
        })
      ).body;
    const first = await page('');
    const second = await page(`&cursor=${first.next}`);
    expect([first, second].map(({ items }) => items.map(({ id }) => id))).toEqual([
      ids.slice(0, 2),
      ids.slice(2),
    ]);
    expect(second.next).toBeNull();
    const foreign = await api.call('GET', `/v1/snapshots?cursor=${first.next}x`, { key });
    expect(foreign).toMatchObject({ status: 400, body: { code: 'invalid_cursor', field: 'cursor' } });
  });

  test('stays as it is when days are shown under other rules, and says what they would be', async () => {
    await show([
      ['2026-03-01', 0, 3],
      ['2026-03-02', 0, 4],
      ['2026-03-03', 0, 1],
    ]);
    const { id } = await take();
    const stricter = await createTestRuleSet(api.database, tenantId, '2.0.0');
    await show(
      [
        ['2026-03-01', 0, 2],
        ['2026-03-02', 0, 5],
        ['2026-03-03', 0, 1],
        ['2026-03-04', 1, 1],
      ],
      stricter,
    );
    const detail = await read(id);
    expect(detail.differs).toBe(true);
    expect(detail.totals).toEqual([{ evidence: 'origin_bytes', was: 8, wouldBe: 9, differing: 3 }]);
    expect(detail.numbers.map(({ was, wouldBe }) => [was, wouldBe])).toEqual([
      [3, 2],
      [4, 5],
      [1, 1],
      [0, 1],
    ]);
    expect(detail.numbers[0]).toMatchObject({ wasUnder: ['1.0.0'], wouldBeUnder: ['2.0.0'] });
    expect(detail.numbers[3]).toMatchObject({ wasUnder: [], wouldBeUnder: ['2.0.0'] });
    const { differs, totals } = await read((await take()).id);
    expect([differs, totals[0]?.was]).toEqual([false, 9]);
  });

  test('differs where numbers moved and the total did not', async () => {
    await show([
      ['2026-03-01', 0, 3],
      ['2026-03-02', 0, 4],
    ]);
    const { id } = await take();
    const other = await createTestRuleSet(api.database, tenantId, '2.0.0');
    await show(
      [
        ['2026-03-01', 0, 4],
        ['2026-03-02', 0, 3],
      ],
      other,
    );
    expect(await read(id)).toMatchObject({ differs: true, totals: [{ was: 7, wouldBe: 7, differing: 2 }] });
  });

  test('of one podcast keeps to it, also in what it would be', async () => {
    await show([
      ['2026-03-01', 0, 3],
      ['2026-03-01', 1, 4],
    ]);
    const { id } = await take({ podcastId: podcasts[1] });
    await show([['2026-03-02', 0, 9]]);
    expect(await read(id)).toMatchObject({ differs: false, totals: [{ was: 4, wouldBe: 4 }] });
  });

  test('dates a download by its first piece, whichever day completed it', async () => {
    await show([['2026-03-02', 0, 1]]);
    await api.database.owner.query(
      `UPDATE downloads SET occurred_at = '2026-03-01T23:30Z' WHERE tenant_id = $1`,
      [tenantId],
    );
    const days = { firstDay: '2026-03-01', lastDay: '2026-03-01' };
    expect((await read((await take(days)).id)).numbers).toMatchObject([{ day: '2026-03-01', was: 1 }]);
    const next = { firstDay: '2026-03-02', lastDay: '2026-03-02' };
    expect((await read((await take(next)).id)).numbers).toEqual([]);
  });

  test('is read page by page, without gap or repeat', async () => {
    await show([
      ['2026-03-01', 0, 1],
      ['2026-03-01', 1, 1],
      ['2026-03-02', 0, 1],
      ['2026-03-02', 1, 1],
    ]);
    await show([['2026-03-01', 0, 1]], ruleSetId, 'prefix_only');
    const { id } = await take();
    const whole = await read(id);
    const pages: Detail['numbers'] = [];
    let cursor = '';
    do {
      const page = await read(id, `?limit=2${cursor}`);
      expect(page.totals).toEqual(whole.totals);
      pages.push(...page.numbers);
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    expect(pages).toEqual(whole.numbers);
    expect(pages).toHaveLength(5);
    const other = await take();
    const { next } = await read(id, '?limit=1');
    const elsewhere = await api.call('GET', `/v1/snapshots/${other.id}?cursor=${next}`, { key });
    expect(elsewhere).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } });
  });

  test('cannot be changed or removed with the rights of the application', async () => {
    await show([['2026-03-01', 0, 3]]);
    await take();
    const app = new pg.Client({ connectionString: api.database.urls.app });
    await app.connect();
    for (const table of ['snapshots', 'snapshot_numbers']) {
      await expect(app.query(`UPDATE ${table} SET tenant_id = tenant_id`)).rejects.toThrow(
        /permission denied/,
      );
      await expect(app.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
    }
    await app.end();
  });
});

describe('a snapshot is refused', () => {
  const refuse = (body: object) =>
    api.call('POST', '/v1/snapshots', { key, body: { name: 'x', ...DAYS, ...body } });

  test('for a name that is taken, by this tenant', async () => {
    await take({ name: 'Invoice' });
    expect(await refuse({ name: 'Invoice' })).toMatchObject({
      status: 409,
      body: { code: 'snapshot_name_taken', field: 'name' },
    });
    const other = await api.createTenant();
    const theirs = { key: other.key, body: { name: 'Invoice', ...DAYS } };
    expect((await api.call('POST', '/v1/snapshots', theirs)).status).toBe(201);
  });

  test('while requests of its days wait to be counted', async () => {
    const mark = (at: string) =>
      api.database.owner.query(
        `INSERT INTO dirty_buckets (tenant_id, kind, bucket) VALUES ($1, 'count', $2)`,
        [tenantId, at],
      );
    await mark('2026-04-01T00:00Z');
    await mark('2026-02-28T23:55Z');
    await take();
    await mark('2026-03-31T23:55Z');
    const answer = await refuse({});
    expect(answer).toMatchObject({ status: 409, body: { code: 'still_counting' } });
    expect(answer.headers['retry-after']).toBe('2');
  });

  test('for days that are not over', async () => {
    const today = utcDate(new Date());
    const yesterday = utcDate(new Date(Date.now() - DAY_MS));
    expect(await refuse({ firstDay: today, lastDay: today })).toMatchObject({
      status: 400,
      body: { field: 'lastDay' },
    });
    expect((await take({ firstDay: yesterday, lastDay: yesterday })).provisional).toBe(true);
  });

  test.each([
    ['lastDay', { firstDay: '2026-03-02', lastDay: '2026-03-01' }],
    ['lastDay', { firstDay: '2024-01-01', lastDay: '2025-01-01' }],
    ['firstDay', { firstDay: '2026-02-30' }],
    ['firstDay', { firstDay: '1.3.2026' }],
    ['name', { name: '' }],
    ['name', { name: 'a\0' }],
    ['podcastId', { podcastId: 'one' }],
    ['createdBy', { createdBy: 'me' }],
  ])('for an unusable %s', async (field, body) => {
    expect(await refuse(body)).toMatchObject({ status: 400, body: { field } });
  });

  test('with a key that may not, or for a podcast of another tenant', async () => {
    const other = await api.createTenant();
    const foreign = { key: other.key, body: { name: 'x', ...DAYS, podcastId: podcasts[0] } };
    const unknown = { key: other.key, body: { name: 'x', ...DAYS, podcastId: randomUUID() } };
    const [one, two] = [
      await api.call('POST', '/v1/snapshots', foreign),
      await api.call('POST', '/v1/snapshots', unknown),
    ];
    expect(one).toMatchObject({ status: 404, body: { code: 'podcast_not_found' } });
    expect({ ...one.body, requestId: '' }).toEqual({ ...two.body, requestId: '' });
    const reader = await api.call<{ credential: string }>('POST', '/v1/keys', {
      key,
      body: { name: 'R', scopes: ['read', 'write'] },
    });
    const body = { name: 'x', ...DAYS };
    expect((await api.call('POST', '/v1/snapshots', { key: reader.body.credential, body })).status).toBe(403);
    expect((await api.call('GET', '/v1/snapshots', { key: reader.body.credential })).status).toBe(200);
  });
});

test('tenant B sees no snapshot of A', async () => {
  await show([['2026-03-01', 0, 3]]);
  const { id } = await take();
  const other = await api.createTenant();
  const list = await api.call<{ items: Snapshot[] }>('GET', '/v1/snapshots', { key: other.key });
  expect(list.body.items).toEqual([]);
  const foreign = await api.call('GET', `/v1/snapshots/${id}`, { key: other.key });
  const unknown = await api.call('GET', `/v1/snapshots/${randomUUID()}`, { key: other.key });
  expect(foreign).toMatchObject({ status: 404, body: { code: 'snapshot_not_found' } });
  expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
});
