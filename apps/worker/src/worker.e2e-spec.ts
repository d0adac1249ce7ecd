import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@lib/observability';
import { createTestDatabase, createTestTenant, testSettings, type TestDatabase } from '@lib/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createWorker } from './create-worker.js';
import { SCHEDULE } from './schedule.js';

/** Sockets and timers of this process that keep it alive. */
function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => /Socket|TCP|Pipe|Timeout/.test(kind))
    .sort();
}

async function eventually(holds: () => Promise<void> | void): Promise<void> {
  const end = Date.now() + 15_000;
  for (;;) {
    try {
      await holds();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

describe('the worker', () => {
  let database: TestDatabase;
  let worker: NestFastifyApplication;
  let handlesBefore: string[];
  const get = (url: string, headers: Record<string, string> = {}) =>
    worker.inject({ method: 'GET', url, headers });
  beforeAll(async () => {
    database = await createTestDatabase();
    handlesBefore = handles();
    const settings = testSettings(database, { FEED_ALLOW_PRIVATE_ADDRESSES: 'true' });
    worker = await createWorker(settings, createLogger('silent'));
    await worker.listen(0, '127.0.0.1');
  });
  afterAll(async () => {
    await worker.close();
    await database.drop();
  });

  test('becomes ready, with its queue open', async () => {
    await eventually(async () => {
      const answer = await get('/health/ready');
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ status: 'ok', checks: { queue: { status: 'up' } } });
    });
    expect((await get('/health/live')).statusCode).toBe(200);
    expect((await get('/health/startup')).statusCode).toBe(200);
  });

  test('does every job of the schedule', async () => {
    await eventually(async () => {
      const { body } = await get('/metrics');
      for (const { name } of SCHEDULE) {
        expect(body).toMatch(new RegExp(`job_runs_total{job="${name}",outcome="succeeded"} [1-9]`));
      }
    });
    const { body } = await get('/metrics');
    expect(body).not.toMatch(/job_runs_total{[^}]*outcome="failed"} [1-9]/);
    expect(body).toContain('job_duration_seconds_bucket');
    expect(body).toContain('job_last_success_timestamp_seconds');
    expect(body).toMatch(/^feed_poll_age_seconds 0$/m);
    expect(body).toMatch(/^partition_horizon_days 2[7-9]|^partition_horizon_days 3/m);
  });

  test('polls feeds by itself', async () => {
    const { tenantId, podcastId } = await createTestTenant(database, 'Tenant', 0);
    const item =
      '<item><title>1</title><enclosure url="https://cdn.example.com/1.mp3" type="audio/mpeg"/></item>';
    const feed = `<rss version="2.0"><channel><title>Tidewater</title>${item}</channel></rss>`;
    const server = createServer((_, response) => response.end(feed)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await database.owner.query('UPDATE podcasts SET feed_url = $2 WHERE id = $1', [
      podcastId,
      `http://127.0.0.1:${port}/feed`,
    ]);
    await eventually(async () => {
      const { rows } = await database.owner.query('SELECT title FROM episodes WHERE tenant_id = $1', [
        tenantId,
      ]);
      expect(rows).toEqual([{ title: '1' }]);
    });
    server.close();
  });

  test.each(['/', '/v1/tenant', '/v1/events/batch', '/api/docs', '/health/unknown'])(
    'has no route %s',
    async (path) => {
      const answer = await get(path, { authorization: 'Bearer pa_live_0000000000000000_x' });
      expect(answer.statusCode).toBe(404);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    },
  );

  test('leaves nothing open when it is closed', async () => {
    expect(handles().length).toBeGreaterThan(handlesBefore.length);
    await worker.close();
    await eventually(() => expect(handles()).toEqual(handlesBefore));
  });
});
