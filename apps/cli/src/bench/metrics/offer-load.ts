import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { postBatch, type PostReport } from '../post-events.js';
import { RequestBatch } from '../request-batch.js';
import { sampleEvent } from '../sample-events.js';
import type { BenchTenant } from './bench-tenant.js';
import { tenantByShare } from './tenant-shapes.js';

/** How many events are sent, and for how long. */
export interface OfferedLoad {
  /** Events a second. */
  readonly rate: number;
  readonly seconds: number;
}

/** Events of one request, and requests under way at a time. */
const BATCH = 100;
const CONNECTIONS = 8;

/**
 * Sends events to the API for some seconds at a steady rate, each request for a tenant that is chosen by its share. Where
 * the API cannot keep up, requests that are due wait for a connection, and fewer are sent.
 *
 * @param episodes that a tenant's events are of
 * @param onAcknowledged is told of each request when its answer has come
 */
export async function offerLoad(
  origin: string,
  tenants: readonly BenchTenant[],
  episodes: ReadonlyMap<string, readonly string[]>,
  { rate, seconds }: OfferedLoad,
  onAcknowledged: (tenant: BenchTenant, events: number) => void,
): Promise<PostReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const report: PostReport = { acknowledged: 0, refused: 0, latenciesMs: [] };
  const free = new Map<BenchTenant, RequestBatch[]>();
  const startedAt = performance.now();
  let sent = 0;
  const work = async () => {
    for (;;) {
      const due = startedAt + (sent * BATCH * 1_000) / rate;
      sent += 1;
      if (Math.max(due, performance.now()) >= startedAt + seconds * 1_000) return;
      await sleep(Math.max(0, due - performance.now()));
      const tenant = tenantByShare(tenants, Math.random());
      const batch = free.get(tenant)?.pop() ?? newBatch(episodes.get(tenant.tenantId) ?? []);
      await postBatch({ origin, key: tenant.key }, agent, batch, report);
      onAcknowledged(tenant, batch.events.length);
      free.set(tenant, [...(free.get(tenant) ?? []), batch]);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  } finally {
    agent.destroy();
  }
  return report;
}

let batches = 0;

function newBatch(episodeIds: readonly string[]): RequestBatch {
  const first = BATCH * batches++;
  return new RequestBatch(
    Array.from({ length: BATCH }, (_, n) => sampleEvent(first + n, episodeIds, 'mixed')),
  );
}
