import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TrackingReceiver } from '@lib/ingestion';
import { startTestApi, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

let api: TestApi;
let tenant: { tenantId: string; key: string };
let episodeId: string;
let podcastId: string;

/** Registered in Germany, and in the United States. */
const GERMAN = ['91.0.0.10', '91.0.0.20', '91.0.1.10'];
const AMERICAN = ['8.8.8.10', '8.8.8.20'];
const APP = 'AntennaPod/3.4.0';

beforeAll(async () => {
  api = await startTestApi(createApi);
});
afterAll(() => api.close());

beforeEach(async () => {
  tenant = await api.createTenant();
  podcastId = (await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Signal & Salt' })).body.id;
  const episode = await call<{ id: string }>('POST', `/v1/podcasts/${podcastId}/episodes`, {
    guid: 'one',
    title: 'One',
  });
  episodeId = episode.body.id;
});

function call<Body>(method: string, path: string, body?: object, key = tenant.key, headers = {}) {
  return api.call<Body>(method, path, { key, headers, ...(body && { body }) });
}

const decide = (privacy: object) => call('PATCH', '/v1/tenant', { privacy });

async function sender(trustedSender = true): Promise<string> {
  const { body } = await call<{ credential: string }>('POST', '/v1/keys', {
    name: 'cdn',
    scopes: ['ingest'],
    trustedSender,
  });
  return body.credential;
}

/** Sends one request for each client, and returns what is stored of each in the same order. */
async function send(
  clients: { ip?: string; consent?: object; headers?: object; trusted?: boolean }[],
): Promise<{ audience: string | null; session: string | null; agent: string | null }[]> {
  const ids = [];
  for (const { ip, consent, headers, trusted = true } of clients) {
    const event = {
      id: randomUUID(),
      type: 'download_request',
      occurredAt: new Date(Date.now() - 60_000).toISOString(),
      episodeId,
      sessionId: 'listening-1',
      client: { ip: ip ?? AMERICAN[0], userAgent: APP },
      request: { method: 'GET' },
      ...(consent && { consent }),
    };
    ids.push(event.id);
    const answer = await call<{ accepted: number }>(
      'POST',
      '/v1/events/batch',
      { events: [event] },
      await sender(trusted),
      headers,
    );
    expect(answer.body).toMatchObject({ accepted: 1 });
  }
  const { rows } = await api.database.owner.query<{ audience: string; session: string; agent: string }>(
    `SELECT audience_a AS audience, session_id AS session, u.value AS agent
     FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, n)
     JOIN listener_events l ON l.event_id = w.id LEFT JOIN user_agents u ON u.id = l.user_agent_id AND u.tenant_id = l.tenant_id
     ORDER BY w.n`,
    [ids],
  );
  return rows;
}

const known = (rows: { audience: string | null }[]) => rows.map(({ audience }) => audience !== null);

describe('matching by address', () => {
  const idsOfAddresses = async () => {
    const { rows } = await api.database.owner.query<{ net: string | null }>(
      'SELECT net_id AS net FROM listener_events WHERE tenant_id = $1 ORDER BY received_at, occurred_at',
      [tenant.tenantId],
    );
    return rows.map(({ net }) => net);
  };

  test('is off until the tenant decides so', async () => {
    await send([{}]);
    expect(await idsOfAddresses()).toEqual([null]);
  });

  test('gives whole addresses an id of their own, and cut ones none', async () => {
    await decide({ attributionLookbackDays: 30, euMode: 'truncate' });
    await send([{ ip: AMERICAN[0] }, { ip: GERMAN[0] }]);
    expect(await idsOfAddresses()).toEqual([expect.stringMatching(/^-?\d+$/), null]);
    const { body } = await call<string>('GET', '/v1/methodology?format=markdown');
    expect(body).toContain('30 days back');
  });
});

describe('the privacy settings of a tenant', () => {
  test('have defaults, are changed one by one, and brought back by null', async () => {
    const defaults = {
      euMode: 'keyed_hash',
      legalBasis: 'legitimate_interest',
      tcfVendorId: null,
      honourGpc: false,
      honourDnt: false,
      attributionLookbackDays: null,
    };
    expect((await call('GET', '/v1/tenant')).body).toMatchObject({ privacy: defaults });
    expect((await decide({ euMode: 'truncate', tcfVendorId: 42 })).body).toMatchObject({
      privacy: { ...defaults, euMode: 'truncate', tcfVendorId: 42 },
    });
    expect((await decide({ honourGpc: true, tcfVendorId: null })).body).toMatchObject({
      privacy: { ...defaults, euMode: 'truncate', honourGpc: true },
    });
    expect((await call('PATCH', '/v1/tenant', { name: 'Other' })).body).toMatchObject({
      privacy: { euMode: 'truncate' },
    });
    const { rows } = await api.database.owner.query(
      'SELECT configuration FROM tenant_settings WHERE tenant_id = $1',
      [tenant.tenantId],
    );
    expect(rows).toEqual([{ configuration: { privacy: { euMode: 'truncate', honourGpc: true } } }]);
  });

  test.each([
    { euMode: 'none' },
    { legalBasis: 'vital_interest' },
    { tcfVendorId: 0 },
    { tcfVendorId: 65_536 },
    { tcfVendorId: 1.5 },
    { honourGpc: 'yes' },
    { attributionLookbackDays: 0 },
    { attributionLookbackDays: 61 },
    { other: 1 },
  ])('are refused as %j', async (privacy) => {
    expect((await decide(privacy)).body).toMatchObject({ status: 400, code: 'invalid_input' });
  });

  test('are part of the methodology', async () => {
    await decide({ euMode: 'truncate', honourDnt: true });
    const { body } = await call<{ divergences: { id: string }[] }>('GET', '/v1/methodology');
    expect(body.divergences.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['addresses_cut', 'unrecognised_requests']),
    );
  });
});

describe('addresses', () => {
  test('are told apart whole, unless the tenant has European ones cut', async () => {
    const clients = [...GERMAN, ...AMERICAN].map((ip) => ({ ip }));
    const whole = await send(clients);
    expect(new Set(whole.map(({ audience }) => audience)).size).toBe(5);
    tenant = await api.createTenant();
    const { body } = await call<{ id: string }>('POST', '/v1/podcasts', { title: 'Gravel' });
    episodeId = (
      await call<{ id: string }>('POST', `/v1/podcasts/${body.id}/episodes`, { guid: 'one', title: 'One' })
    ).body.id;
    await decide({ euMode: 'truncate' });
    const [a, b, c, d, e] = (await send(clients)).map(({ audience }) => audience);
    expect(a).toBe(b);
    expect(new Set([a, c, d, e]).size).toBe(4);
  });
});

describe('a request that says something of consent', () => {
  test('gets no ids and keeps no session without a string that allows them', async () => {
    const rows = await send([
      {},
      { consent: { gdpr: '1' } },
      { consent: { gdpr: '1', gdprConsent: 'x' } },
      { consent: { gdpr: '0' } },
    ]);
    expect(rows.map(({ audience, session, agent }) => [audience !== null, session, agent])).toEqual([
      [true, 'listening-1', APP],
      [false, null, APP],
      [false, null, APP],
      [true, 'listening-1', APP],
    ]);
  });

  test('is heeded by a tenant that honours headers, of senders that speak for themselves', async () => {
    await decide({ honourGpc: true, honourDnt: true });
    const headers = { 'sec-gpc': '1' };
    expect(
      known(
        await send([
          {},
          { headers, trusted: false },
          { headers: { dnt: '1' }, trusted: false },
          { headers },
          { consent: { secGpc: '1' } },
        ]),
      ),
    ).toEqual([true, false, false, true, false]);
  });

  test('or says nothing, to a tenant that relies on consent, gets none', async () => {
    await decide({ legalBasis: 'consent' });
    expect(known(await send([{}, { consent: { gdpr: '0' } }]))).toEqual([false, false]);
  });

  test('sent again with another string is the same event', async () => {
    const key = await sender();
    const event = {
      id: randomUUID(),
      type: 'play',
      occurredAt: new Date(Date.now() - 60_000).toISOString(),
      episodeId,
    };
    const results = [];
    for (const consent of [{ gdpr: '1', gdprConsent: 'a' }, { gdpr: '0' }, undefined])
      results.push(
        (
          await call<{ results: { status: string }[] }>(
            'POST',
            '/v1/events/batch',
            { events: [{ ...event, ...(consent && { consent }) }] },
            key,
          )
        ).body.results[0]!.status,
      );
    expect(results).toEqual(['accepted', 'duplicate', 'duplicate']);
  });

  test('through the redirect is sent on all the same, query and all', async () => {
    await api.database.owner.query(
      `INSERT INTO public_handles (tenant_id, kind, handle, target_id) VALUES ($1, 'redirect', $2, $3)`,
      [tenant.tenantId, `show-${podcastId}`, podcastId],
    );
    await api.database.owner.query(
      `INSERT INTO podcast_hosts (tenant_id, podcast_id, host, source) VALUES ($1, $2, 'cdn.example', 'feed')`,
      [tenant.tenantId, podcastId],
    );
    for (const query of ['', '?gdpr=1', '?gdpr=1&gdpr_consent=nonsense', '?gdpr=0']) {
      const answer = await api.call('GET', `/r/show-${podcastId}/cdn.example/1.mp3${query}`, {
        headers: { 'user-agent': APP, 'x-playback-session-id': `session${query}` },
      });
      expect([answer.status, answer.headers['location']]).toEqual([302, `https://cdn.example/1.mp3${query}`]);
    }
    await api.app.get(TrackingReceiver).settle();
    const { rows } = await api.database.owner.query(
      `SELECT session_id AS session, audience_a IS NOT NULL AS known, count(*)::integer AS requests
       FROM listener_events WHERE tenant_id = $1 GROUP BY 1, 2 ORDER BY 1`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([
      { session: 'session', known: true, requests: 1 },
      { session: 'session?gdpr=0', known: true, requests: 1 },
      { session: null, known: false, requests: 2 },
    ]);
  });
});
