import { createHmac, randomUUID } from 'node:crypto';
import { DAY_MS } from '@lib/primitives';
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

/** Of the keys of live traffic. */
const IMPORT = '00000000-0000-0000-0000-000000000000';

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
      { tenant_id, purpose: 'count', period: now, import_id: IMPORT, destroy_after: '2100-01-01T00:00Z' },
    ],
    listener_key_secrets: [{ tenant_id, purpose: 'count', period: now, import_id: IMPORT, key_enc: canary }],
    podcasts: [{ tenant_id, id: podcastId, title: canary, feed_url: `https://${canary}.example/` }],
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
    aggregate_watermarks: [{ tenant_id, version: 1 }],
    raw_horizons: [{ tenant_id, raw_from: now }],
    retention_horizons: [{ tenant_id, slices_from: now }],
    storage_usage: [{ tenant_id, day: now, relation: canary, level: 'raw', rows: 1, bytes: 1 }],
    listener_metrics: ['slice', 'hour', 'day', 'month'].map((grain) => ({ ...rollup, grain })),
    listener_totals: [{ ...metric, bucket: now, grain: 'day' }],
    dimension_counts: [
      {
        tenant_id,
        bucket: now,
        podcast_id: podcastId,
        episode_id: episodeId,
        metric: canary,
        evidence: 'origin_bytes',
        grain: 'day',
        dimension: 'app',
        names: '{app}',
        counts: '{1}',
      },
    ],
    listening_positions: ['slice', 'hour', 'day', 'month'].map((grain) => {
      const heard = { kind: 'heard', bins: '{0}', amounts: '{1}' };
      return { tenant_id, bucket: now, episode_id: episodeId, grain, ...heard };
    }),
    metrics_daily: [{ ...metric, day: now, rule_set_id: randomUUID(), episodes: 1 }],
    release_starts: [{ tenant_id, episode_id: episodeId, podcast_id: podcastId, started_at: now }],
    release_curves: [releaseCell(tenant)],
    release_totals: [releaseTotals(tenant)],
    audience_sketches: [
      {
        tenant_id,
        podcast_id: podcastId,
        episode_id: episodeId,
        rule_set_id: randomUUID(),
        day: now,
        series: 'a',
        evidence: 'origin_bytes',
        listeners: 1,
        unidentified: 0,
        hashes: '{1}',
      },
    ],
    ...countingRows(tenant, now),
  };
}

function releaseCell({ tenantId, episodeId, podcastId }: CanaryTenant): Row {
  const age = { age_day: 0, evidence: 'origin_bytes', rule_set_id: randomUUID(), downloads: 1 };
  return { tenant_id: tenantId, episode_id: episodeId, podcast_id: podcastId, ...age };
}

function releaseTotals({ tenantId, episodeId }: CanaryTenant): Row {
  const days = { days_1: 1, days_7: 1, days_30: 1, days_60: 1, days_90: 1, days_366: 1 };
  return { tenant_id: tenantId, episode_id: episodeId, evidence: 'origin_bytes', ...days };
}

/** The same id for the same tenant, whenever its rows are made. */
function derivedId(of: string, name: string): string {
  const hex = createHmac('sha256', of).update(name).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** What requests come to: where they may go, what was imported, and what was counted from it. */
function countingRows(tenant: CanaryTenant, now: string): Record<string, readonly Row[]> {
  const { tenantId: tenant_id, canary, podcastId: podcast_id, episodeId: episode_id, eventId } = tenant;
  const id = (name: string) => derivedId(eventId, name);
  const [importId, ruleSetId, recountId, snapshotId] = [
    id('import'),
    id('rules'),
    id('recount'),
    id('snapshot'),
  ];
  const named = { tenant_id, id: id('row') };
  const exportId = id('export');
  const someNumber = parseInt(eventId.slice(0, 4), 16);
  const someDay = new Date(someNumber * DAY_MS).toISOString();
  const days = { first_day: now, last_day: now };
  return {
    // Beside the row that the episode leaves.
    episode_files: [{ tenant_id, episode_id, known_from: someDay }],
    podcast_hosts: [{ tenant_id, podcast_id, host: canary, source: 'manual' }],
    public_handles: [{ tenant_id, kind: 'redirect', handle: canary, target_id: podcast_id }],
    annotations: [{ ...named, happened_at: now, kind: 'note', detail: JSON.stringify({ canary }) }],
    paths: [{ tenant_id, id: 1, value: canary }],
    networks: [{ tenant_id, id: 1, class: 'household', country: canary }],
    address_lists: [
      { ...named, kind: 'included', network: '192.0.2.0/24', reason: canary, created_by: canary },
    ],
    agent_overrides: [
      { ...named, kind: 'app', name: canary, pattern: canary, reason: canary, created_by: canary },
    ],
    imports: [{ tenant_id, id: importId, source: canary }],
    import_files: [
      {
        tenant_id,
        import_id: importId,
        sha256: id('file').replaceAll('-', '').repeat(2),
        name: canary,
        format: 'combined',
      },
    ],
    duplicate_deliveries: [{ tenant_id, import_id: importId, day: someDay, episode_id, requests: 1 }],
    unrecorded_requests: [{ ...named, podcast_id, day: someDay, reason: 'refused', requests: 1 }],
    rule_sets: [
      {
        tenant_id,
        id: ruleSetId,
        version: canary,
        valid_from: now,
        rules: '{}',
        agent_list: canary,
        created_by: canary,
      },
    ],
    counted_days: [{ tenant_id, day: someDay, rule_set_id: ruleSetId, files_as_of: now }],
    downloads: [
      {
        tenant_id,
        rule_set_id: ruleSetId,
        settled_day: now,
        address_day_id: 1,
        download_id: eventId,
        occurred_at: now,
        settled_at: now,
        podcast_id,
        episode_id,
        listener_id: 1,
        evidence: 'origin_bytes',
        app: canary,
        device: canary,
        country: canary,
      },
    ],
    count_carry: [
      {
        tenant_id,
        rule_set_id: ruleSetId,
        day: now,
        address_day_id: 1,
        listener_id: 1,
        episode_id,
        evidence: 'origin_bytes',
        carry: JSON.stringify({ canary }),
      },
    ],
    recounts: [{ tenant_id, id: recountId, rule_set_id: ruleSetId, ...days, requested_by: canary }],
    recount_differences: [
      {
        tenant_id,
        recount_id: recountId,
        day: now,
        evidence: 'origin_bytes',
        outcome_before: canary,
        outcome_after: canary,
        requests: 1,
      },
    ],
    snapshots: [{ tenant_id, id: snapshotId, name: canary, ...days, created_by: canary }],
    snapshot_numbers: [
      {
        tenant_id,
        snapshot_id: snapshotId,
        day: now,
        episode_id,
        podcast_id,
        evidence: 'origin_bytes',
        rule_set_id: ruleSetId,
        downloads: 1,
      },
    ],
    quarantines: [{ ...named, day: now, detector: canary, subject: canary, requests: 1, downloads: 1 }],
    alerts: [alertRow(tenant, named, someDay)],
    exports: [
      {
        tenant_id,
        id: exportId,
        table_name: canary,
        format: 'csv',
        of_listeners: true,
        requested_by: canary,
      },
    ],
    export_pieces: [{ tenant_id, export_id: exportId, piece: someNumber, bytes: canary }],
    privacy_requests: [{ ...named, kind: 'export', listener_ids: '{1}', requested_by: canary }],
  };
}

function alertRow({ podcastId, canary }: CanaryTenant, named: Row, day: string): Row {
  const figures = { hours: 24, expected: 1, actual: 1, z: 4 };
  const of = {
    podcast_id: podcastId,
    day,
    metric: 'downloads',
    evidence: 'origin_bytes',
    direction: 'above',
  };
  return { ...named, ...of, ...figures, likely_reason: 'unknown', note: canary };
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
