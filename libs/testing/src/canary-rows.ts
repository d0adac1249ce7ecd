import { createHmac, randomUUID } from 'node:crypto';
import type pg from 'pg';

/** A tenant whose every row can be recognised: its texts carry the canary, everything else its ids. */
export interface CanaryTenant {
  tenantId: string;
  /** Follows from the tenant's id, so that a scan can tell whose row it met. */
  canary: string;
  podcastId: string;
  episodeId: string;
  eventId: string;
  keyId: string;
}

/** A tenant that is not stored yet. */
export function canaryTenant(tenantId: string = randomUUID()): CanaryTenant {
  const mark = createHmac('sha256', 'canary').update(tenantId).digest('hex').slice(0, 16);
  return {
    tenantId,
    canary: `canary-${mark}`,
    podcastId: randomUUID(),
    episodeId: randomUUID(),
    eventId: randomUUID(),
    keyId: mark,
  };
}

type Row = Record<string, unknown>;

/**
 * Rows of the tenant for every tenant table, in an order that the foreign keys accept. Columns that are left out take
 * their default. Whoever adds a table adds its rows here: the isolation suite fails for a table without.
 */
export function canaryRows(tenant: CanaryTenant): Record<string, readonly Row[]> {
  const { tenantId: tenant_id, canary, podcastId, episodeId, eventId, keyId } = tenant;
  const now = new Date().toISOString();
  const event = { tenant_id, occurred_at: now, event_id: eventId, received_at: now, payload_hash: 1 };
  const metric = { tenant_id, podcast_id: podcastId, metric: canary, evidence: 'origin_bytes', value: 1 };
  const rollup = { ...metric, bucket: now, episode_id: episodeId };
  return {
    tenants: [{ tenant_id, name: canary }],
    tenant_settings: [{ tenant_id, configuration: JSON.stringify({ canary }) }],
    tenant_quotas: [{ tenant_id, max_podcasts: 1 }],
    api_keys: [
      { tenant_id, key_id: keyId, kind: 'secret', name: canary, scopes: ['read'], secret_hash: canary },
    ],
    listener_keys: [
      { tenant_id, purpose: 'count', period: now, key_enc: canary, destroy_after: '2100-01-01T00:00Z' },
    ],
    podcasts: [{ tenant_id, id: podcastId, title: canary }],
    episodes: [{ tenant_id, id: episodeId, podcast_id: podcastId, guid: canary, title: canary }],
    listener_events: [
      {
        ...event,
        episode_id: episodeId,
        payload_hash_version: 1,
        trusted_sender: true,
        event_type: 'play',
        session_id: canary,
      },
    ],
    attribution_events: [{ ...event, payload_hash_version: 1, kind: canary }],
    user_agents: [{ tenant_id, id: 1, value: canary }],
    referrers: [{ tenant_id, id: 1, value: canary }],
    dirty_buckets: [{ tenant_id, kind: 'slice', bucket: now }],
    raw_horizons: [{ tenant_id, raw_from: now }],
    listener_metrics: ['slice', 'hour', 'day'].map((grain) => ({ ...rollup, grain })),
    listener_totals: [{ ...metric, bucket: now, grain: 'day' }],
    metrics_daily: [{ ...metric, day: now, rule_set_id: randomUUID(), episodes: 1 }],
  };
}

/** Stores a new tenant with rows in every tenant table, past every wall. `owner` must see everything. */
export async function seedEveryTable(owner: pg.Pool): Promise<CanaryTenant> {
  const tenant = canaryTenant();
  for (const [table, rows] of Object.entries(canaryRows(tenant)))
    for (const row of rows) {
      const columns = Object.keys(row);
      const places = columns.map((_, position) => `$${position + 1}`);
      await owner.query(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
        Object.values(row),
      );
    }
  return tenant;
}
