import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { connectAsLogin } from '../connect-as-login.js';

/** Sends a request with the demo key. */
export type Call = (
  path: string,
  request?: { type: string; body: string },
) => Promise<{ status: number; body: Record<string, unknown> }>;

interface Total {
  metric: string;
  evidence: string;
  value: number;
}

const totalsOf = async (call: Call, path: string): Promise<Total[]> =>
  ((await call(path)).body['totals'] as Total[]).filter(({ value }) => value > 0);

/**
 * The downloads of the demo, by hand: every request brings a whole file, so that a listener, an episode and a UTC day are
 * one download, unless the agent is the one bot among the demo's.
 */
const DOWNLOADS_BY_HAND = `
  SELECT 'downloads' AS metric,
         count(DISTINCT ((occurred_at AT TIME ZONE 'UTC')::date, episode_id, count_id_today))::integer AS value,
         'origin_bytes' AS evidence
  FROM events JOIN user_agents u ON u.tenant_id = events.tenant_id AND u.id = user_agent_id
  WHERE event_type = 'download_request' AND u.value NOT LIKE '%Feed Parser%'`;

/** The request that the banner shows answers what counting the raw events by hand gives. */
export async function expectDemoIsCounted(call: Call, path: string, data: string): Promise<void> {
  const query = new URL(path, 'http://localhost').searchParams;
  const { user, password } = JSON.parse(await readFile(join(data, 'secrets', 'superuser.json'), 'utf8')) as {
    user: string;
    password: string;
  };
  const run = encodeURIComponent(join(data, 'postgres', 'run'));
  const session = await connectAsLogin(`postgresql://${user}:${password}@/podcast?host=${run}`);
  const rows = await session.sql<Total>(
    `WITH events AS (
       SELECT * FROM listener_events WHERE occurred_at >= $1::timestamptz AND occurred_at < $2::timestamptz
         AND episode_id IN (SELECT id FROM episodes WHERE podcast_id = $3)
     )
     SELECT event_type AS metric, count(*)::integer AS value,
            CASE WHEN event_type <> 'download_request' THEN 'client_confirmed'
                 WHEN trusted_sender AND bytes_sent IS NOT NULL THEN 'origin_bytes' ELSE 'prefix_only' END AS evidence
     FROM events GROUP BY 1, 3
     UNION ALL ${DOWNLOADS_BY_HAND}`,
    [`${query.get('from')}T00:00Z`, `${query.get('to')}T00:00Z`, query.get('podcastId')],
  );
  await session.end();
  const plain = (totals: readonly Total[]) =>
    totals.map(({ metric, evidence, value }) => `${metric} ${evidence} ${value}`).sort();
  // Time is no count: what was heard is proved where it is worked out.
  const counts = (await totalsOf(call, path)).filter(({ metric }) => metric !== 'listen_time');
  expect(plain(counts)).toEqual(plain(rows));
  expect(rows.length).toBeGreaterThan(4);
}

const EPISODES = 20;
const EVENTS = 10_000;
const FEED = `<?xml version="1.0"?><rss version="2.0"><channel><title>Lantern Hill</title>${Array.from(
  { length: EPISODES },
  (_, n) => `<item><title>Episode ${n}</title><guid>lantern-${n}</guid>
    <enclosure url="https://media.example/lantern/${n}.mp3" length="9000000" type="audio/mpeg"/></item>`,
).join('')}</channel></rss>`;

/** A feed comes in, ten thousand events come in, the numbers come out; sending them again changes nothing. */
export async function expectEventsToArrive(call: Call): Promise<void> {
  const imported = await call('/v1/podcasts/import-feed/upload', { type: 'application/rss+xml', body: FEED });
  const podcastId = String(imported.body['podcastId']);
  const { items } = (await call(`/v1/podcasts/${podcastId}/episodes?limit=100`)).body as {
    items: { id: string }[];
  };
  expect(items).toHaveLength(EPISODES);
  const now = Date.now();
  const events = Array.from({ length: EVENTS }, (_, n) => ({
    id: randomUUID(),
    type: 'play',
    occurredAt: new Date(now - n * 5_000).toISOString(),
    episodeId: items[n % EPISODES]?.id,
  }));
  const send = async () => {
    let [accepted, duplicates] = [0, 0];
    for (let first = 0; first < EVENTS; first += 1_000) {
      const batch = JSON.stringify({ events: events.slice(first, first + 1_000) });
      const { body } = await call('/v1/events/batch', { type: 'application/json', body: batch });
      accepted += Number(body['accepted']);
      duplicates += Number(body['duplicates']);
    }
    return { accepted, duplicates };
  };
  const day = (offset: number) => new Date(now + offset * 86_400_000).toISOString().slice(0, 10);
  const path = `/v1/metrics/totals?podcastId=${podcastId}&from=${day(-2)}&to=${day(1)}`;
  const plays = { metric: 'play', evidence: 'client_confirmed', value: EVENTS };
  expect(await send()).toEqual({ accepted: EVENTS, duplicates: 0 });
  // The worker refreshes once a second.
  for (let tries = 0; (await totalsOf(call, path))[0]?.value !== EVENTS && tries < 100; tries += 1)
    await sleep(200);
  expect(await totalsOf(call, path)).toMatchObject([plays]);
  expect(await send()).toEqual({ accepted: 0, duplicates: EVENTS });
  await sleep(3_000);
  expect(await totalsOf(call, path)).toMatchObject([plays]);
}
