import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrillTenant } from './sent-event.js';

/** A tenant with the keys of its two kinds of senders. */
export interface TenantWithKeys {
  readonly tenant: DrillTenant;
  /** A CDN's: what it says about clients and bytes is believed. */
  readonly trustedKey: string;
  /** A player's. */
  readonly playerKey: string;
}

const PODCASTS = 2;
const EPISODES_PER_PODCAST = 3;
const READY_MS = 120_000;

/** Resolves when the process behind `origin` is ready. @throws Error with its last answer after two minutes */
export async function untilReady(origin: string): Promise<void> {
  let last = 'no answer';
  for (const deadline = Date.now() + READY_MS; Date.now() < deadline;) {
    try {
      const response = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      last = `${response.status} ${await response.text()}`;
      if (response.status === 200) return;
    } catch (error) {
      last = String(error);
    }
    await sleep(100);
  }
  throw new Error(`${origin} is not ready after ${READY_MS / 1000} s: ${last}`);
}

/** Creates a tenant through the API: podcasts, episodes and keys included. */
export async function setUpTenant(
  origin: string,
  platformKey: string,
  name: string,
): Promise<TenantWithKeys> {
  const created = await call<{ tenantId: string; key: { credential: string } }>(
    origin,
    platformKey,
    '/v1/admin/tenants',
    { name },
  );
  const adminKey = created.key.credential;
  const post = <Body>(path: string, body: object) => call<Body>(origin, adminKey, path, body);
  const episodeIds: string[] = [];
  for (let podcast = 1; podcast <= PODCASTS; podcast += 1) {
    const { id } = await post<{ id: string }>('/v1/podcasts', { title: `${name} podcast ${podcast}` });
    for (let episode = 1; episode <= EPISODES_PER_PODCAST; episode += 1) {
      const made = await post<{ id: string }>(`/v1/podcasts/${id}/episodes`, { title: `Episode ${episode}` });
      episodeIds.push(made.id);
    }
  }
  const key = async (trustedSender: boolean) => {
    const made = await post<{ credential: string }>('/v1/keys', {
      name: 'sender',
      scopes: ['ingest'],
      trustedSender,
    });
    return made.credential;
  };
  const { tenantId } = created;
  const canary = `canary-${createHmac('sha256', 'drill').update(tenantId).digest('hex').slice(0, 16)}`;
  return {
    tenant: { tenantId, canary, episodeIds, adminKey },
    trustedKey: await key(true),
    playerKey: await key(false),
  };
}

/** Reads JSON from the API, or posts some. @throws Error for any answer that is not a success */
export async function call<Body>(origin: string, key: string, path: string, body?: object): Promise<Body> {
  const response = await fetch(`${origin}${path}`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${text}`);
  return JSON.parse(text) as Body;
}
