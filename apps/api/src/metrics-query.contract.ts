import { randomUUID } from 'node:crypto';
import { createTestRuleSet, type TestApi } from '@lib/testing';

/** One event, or one download, with all that questions may ask about it. */
export interface KnownEvent {
  at: number;
  podcastId: string;
  episodeId: string;
  metric: string;
  evidence: string;
  app: string;
  device: string;
  country: string;
}

/** A tenant whose events are all known. */
export interface KnownNetwork {
  tenantId: string;
  key: string;
  podcasts: { id: string; title: string }[];
  episodes: { id: string; title: string; podcastId: string }[];
  events: KnownEvent[];
  ruleSetId: string;
}

const AGENTS = [
  { id: 1, app: 'AntennaPod', device: 'mobile' },
  { id: 2, app: 'Overcast', device: 'mobile' },
  { id: 3, app: 'unknown', device: 'smart_speaker' },
];
const NETWORKS = [
  { id: 1, country: 'DE' },
  { id: 2, country: 'BR' },
  { id: 3, country: null },
];
const UNKNOWN = { app: 'unknown', device: 'unknown' };

/** Stores a tenant with two podcasts of two episodes each; two of these have the same title. */
export async function createKnownNetwork(api: TestApi): Promise<KnownNetwork> {
  const { owner } = api.database;
  const { tenantId, key } = await api.createTenant('Network');
  const podcasts = ['Über Leuchttürme', 'Lighthouses'].map((title) => ({ id: randomUUID(), title }));
  const episodes = ['One', 'Two', 'Two', 'Ängste'].map((title, n) => ({
    id: randomUUID(),
    title,
    podcastId: podcasts[n % 2]!.id,
  }));
  await owner.query(
    `INSERT INTO podcasts (tenant_id, id, title) SELECT $1, id, title FROM unnest($2::uuid[], $3::text[]) AS p (id, title)`,
    [tenantId, podcasts.map(({ id }) => id), podcasts.map(({ title }) => title)],
  );
  await owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
     SELECT $1, id, podcast, id::text, title FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS e (id, podcast, title)`,
    [tenantId, ...(['id', 'podcastId', 'title'] as const).map((field) => episodes.map((one) => one[field]))],
  );
  await owner.query(
    `WITH agents AS (INSERT INTO user_agents (tenant_id, id, value, app, device)
       SELECT $1, id, app, app, device FROM unnest($2::bigint[], $3::text[], $4::text[]) AS a (id, app, device))
     INSERT INTO networks (tenant_id, id, class, country)
     SELECT $1, id, 'household', country FROM unnest($5::bigint[], $6::text[]) AS n (id, country)`,
    [
      tenantId,
      AGENTS.map(({ id }) => id),
      AGENTS.map(({ app }) => app),
      AGENTS.map(({ device }) => device),
      NETWORKS.map(({ id }) => id),
      NETWORKS.map(({ country }) => country),
    ],
  );
  const ruleSetId = await createTestRuleSet(api.database, tenantId, '1.0.0');
  return { tenantId, key, podcasts, episodes, events: [], ruleSetId };
}

/** Where a random event comes from: numbers below the lengths of the lists. */
export interface EventSeed {
  at: number;
  episode: number;
  agent: number;
  network: number;
  kind: number;
}

const KINDS = [
  { metric: 'downloads', evidence: 'origin_bytes' },
  { metric: 'downloads', evidence: 'prefix_only' },
  { metric: 'play', evidence: 'client_confirmed' },
  { metric: 'download_request', evidence: 'prefix_only' },
  { metric: 'complete', evidence: 'client_confirmed' },
];

/** Stores events with their marks, as ingestion and counting do, and remembers them. */
export async function storeKnown(
  api: TestApi,
  network: KnownNetwork,
  seeds: readonly EventSeed[],
): Promise<void> {
  const { owner } = api.database;
  const { tenantId, ruleSetId, episodes } = network;
  const stored = seeds.map((seed) => {
    const agent = AGENTS[seed.agent];
    const place = NETWORKS[seed.network];
    const { id: episodeId, podcastId } = episodes[seed.episode % 4]!;
    const { app, device } = agent ?? UNKNOWN;
    const event = { at: seed.at, podcastId, episodeId, ...KINDS[seed.kind % 5]!, app, device };
    return {
      ...event,
      country: place?.country ?? 'unknown',
      agentId: agent?.id ?? null,
      networkId: place?.id ?? null,
    };
  });
  network.events.push(...stored);
  const columnsOf = (rows: typeof stored) =>
    [
      rows.map(({ at }) => new Date(at).toISOString()),
      rows.map(({ episodeId }) => episodeId),
      rows.map(({ podcastId }) => podcastId),
      rows.map(({ metric }) => metric),
      rows.map(({ evidence }) => evidence),
    ] as const;
  const downloads = stored.filter(({ metric }) => metric === 'downloads');
  const events = stored.filter(({ metric }) => metric !== 'downloads');
  await owner.query(
    `INSERT INTO listener_events (tenant_id, occurred_at, event_id, episode_id, received_at, payload_hash,
                                  payload_hash_version, trusted_sender, event_type, user_agent_id, network_id)
     SELECT $1, at, gen_random_uuid(), episode, now(), 0, 1, false, type, agent, network
     FROM unnest($2::timestamptz[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[]) AS e (at, episode, type, agent, network)`,
    [
      tenantId,
      columnsOf(events)[0],
      columnsOf(events)[1],
      columnsOf(events)[3],
      events.map(({ agentId }) => agentId),
      events.map(({ networkId }) => networkId),
    ],
  );
  const [ats, episodeIds, podcastIds, , levels] = columnsOf(downloads);
  // Each also under a rule set that is not shown: what was tried counts nowhere.
  await owner.query(
    `WITH days AS (
       INSERT INTO counted_days (tenant_id, day, rule_set_id, files_as_of)
       SELECT DISTINCT $1::uuid, (at AT TIME ZONE 'UTC')::date, $2::uuid, now() FROM unnest($3::timestamptz[]) at
       ON CONFLICT DO NOTHING
     )
     INSERT INTO downloads (tenant_id, rule_set_id, settled_day, address_day_id, download_id, occurred_at, settled_at,
                            podcast_id, episode_id, listener_id, evidence, app, device, country)
     SELECT $1, rules, (at AT TIME ZONE 'UTC')::date, 1, gen_random_uuid(), at, at, podcast, episode, 1, evidence, app, device,
            country
     FROM unnest($3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[])
       AS d (at, episode, podcast, evidence, app, device, country), unnest(ARRAY[$2::uuid, $1::uuid]) rules`,
    [
      tenantId,
      ruleSetId,
      ats,
      episodeIds,
      podcastIds,
      levels,
      downloads.map(({ app }) => app),
      downloads.map(({ device }) => device),
      downloads.map(({ country }) => (country === 'unknown' ? '' : country)),
    ],
  );
  await owner.query(
    `INSERT INTO dirty_buckets (tenant_id, kind, bucket)
     SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', at, 'epoch') FROM unnest($2::timestamptz[]) at`,
    [tenantId, columnsOf(stored)[0]],
  );
}

/** A question, as its parameters. */
export type Parameters = Record<string, string | string[]>;

export interface QueryRow {
  metric: string;
  evidence: string;
  group: Record<string, string>;
  value: number;
  previousValue: number | null;
  change: number | null;
  values: number[] | null;
}
export interface QueryAnswer {
  from: string;
  to: string;
  timeZone: string;
  asOf: string;
  previous: { from: string; to: string } | null;
  buckets: { start: string; startUtc: string }[] | null;
  rows: QueryRow[];
  next: string | null;
}

const LEVELS: Record<string, string[]> = {
  downloads: ['origin_bytes', 'prefix_only'],
  download_request: ['origin_bytes', 'prefix_only'],
  play: ['client_confirmed'],
  complete: ['client_confirmed'],
};
const METRIC_ORDER = ['downloads', 'download_request', 'play', 'complete'];

const list = (value: string | string[] | undefined) => (value === undefined ? undefined : [value].flat());
const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The date on a local clock, `YYYY-MM-DD`. */
function localDate(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at);
}

/** Names the local day, week or month of a local date. */
function periodOf(interval: string, date: string): string {
  if (interval === 'month') return date.slice(0, 7);
  if (interval === 'day') return date;
  const midnight = Date.parse(`${date}T00:00:00Z`);
  const monday = midnight - ((new Date(midnight).getUTCDay() + 6) % 7) * 86_400_000;
  return new Date(monday).toISOString().slice(0, 10);
}

/** Number of the bucket of an event; hours are told apart by their instants, the rest by the local calendar. */
function bucketOf(asked: Parameters, { buckets, timeZone }: QueryAnswer, at: number): number {
  const interval = asked['interval'] as string;
  if (interval === 'hour') return buckets!.findLastIndex(({ startUtc }) => Date.parse(startUtc) <= at);
  const period = periodOf(interval, localDate(timeZone, at));
  return buckets!.findIndex(({ start }) => periodOf(interval, start.slice(0, 10)) === period);
}

/** The rows of an answer, counted one event after another. Of the answer only its ranges and bucket starts are believed. */
export function countByHand(network: KnownNetwork, asked: Parameters, answer: QueryAnswer): QueryRow[] {
  const titles = new Map([...network.podcasts, ...network.episodes].map(({ id, title }) => [id, title]));
  const by = list(asked['by']) ?? [];
  const filters = (['podcastId', 'episodeId', 'app', 'device', 'country', 'evidence'] as const).filter(
    (field) => asked[field] !== undefined,
  );
  const inside = (at: number, range: { from: string; to: string } | null) =>
    range !== null && at >= Date.parse(range.from) && at < Date.parse(range.to);
  const levels = METRIC_ORDER.filter((metric) => list(asked['metric'])!.includes(metric)).flatMap((metric) =>
    LEVELS[metric]!.filter((level) => list(asked['evidence'])?.includes(level) ?? true).map(
      (evidence) => [metric, evidence] as const,
    ),
  );
  return levels.flatMap(([metric, evidence]) => {
    const rows = new Map<string, QueryRow & { names: string[] }>();
    const rowOf = (event: KnownEvent | null) => {
      const keys = by.map((grouping) => event![GROUP_FIELD[grouping]!]);
      const key = JSON.stringify(keys);
      const names = keys.map((one) => titles.get(one) ?? one);
      const group = Object.fromEntries(by.flatMap((grouping, n) => named(grouping, keys[n]!, names[n]!)));
      const values = answer.buckets && answer.buckets.map(() => 0);
      const before = answer.previous && 0;
      const row = rows.get(key) ?? {
        metric,
        evidence,
        group,
        value: 0,
        previousValue: before,
        change: null,
        values,
        names,
      };
      rows.set(key, row);
      return row;
    };
    if (by.length === 0) rowOf(null);
    for (const event of network.events) {
      if (event.metric !== metric || event.evidence !== evidence) continue;
      if (!filters.every((field) => list(asked[field])!.includes(event[field]))) continue;
      if (inside(event.at, answer)) {
        const row = rowOf(event);
        row.value += 1;
        if (row.values) row.values[bucketOf(asked, answer, event.at)]! += 1;
      } else if (inside(event.at, answer.previous)) rowOf(event).previousValue! += 1;
    }
    const byValue = asked['order'] !== 'name';
    return [...rows.values()]
      .sort(
        (a, b) =>
          (byValue ? b.value - a.value : 0) ||
          byCodePoint(a.names[0] ?? '', b.names[0] ?? '') ||
          byCodePoint(a.names[1] ?? '', b.names[1] ?? '') ||
          byCodePoint(idsOf(a), idsOf(b)),
      )
      .map(({ names: _, ...row }) => ({
        ...row,
        change: row.previousValue ? (row.value - row.previousValue) / row.previousValue : null,
      }));
  });
}

const GROUP_FIELD: Record<string, 'podcastId' | 'episodeId' | 'app' | 'device' | 'country'> = {
  podcast: 'podcastId',
  episode: 'episodeId',
  app: 'app',
  device: 'device',
  country: 'country',
};

function named(grouping: string, key: string, name: string): [string, string][] {
  if (grouping !== 'podcast' && grouping !== 'episode') return [[grouping, key]];
  return [
    [`${grouping}Id`, key],
    [`${grouping}Title`, name],
  ];
}

function idsOf({ group }: QueryRow): string {
  return JSON.stringify(Object.entries(group).filter(([name]) => !name.endsWith('Title')));
}
