import { plainColumns, type ExportedTable } from './exported-table.js';

const PODCASTS: ExportedTable = {
  name: 'podcasts',
  columns: plainColumns({
    id: 'uuid',
    title: 'text',
    description: 'text',
    author: 'text',
    language: 'text',
    link: 'text',
    image_url: 'text',
    feed_url: 'text',
    podcast_guid: 'text',
    metadata: 'json',
    archived_at: 'instant',
    created_at: 'instant',
    updated_at: 'instant',
  }),
  from: 'podcasts t',
  key: [{ sql: 't.id', type: 'uuid' }],
  isTimed: false,
  podcast: 't.id',
  ofListeners: false,
};

const EPISODES: ExportedTable = {
  name: 'episodes',
  columns: plainColumns({
    id: 'uuid',
    podcast_id: 'uuid',
    guid: 'text',
    title: 'text',
    description: 'text',
    link: 'text',
    published_at: 'instant',
    episode_type: 'text',
    season: 'integer',
    episode_number: 'integer',
    enclosure_url: 'text',
    enclosure_type: 'text',
    media_key: 'text',
    media_bytes: 'bigint',
    header_bytes: 'bigint',
    duration_seconds: 'integer',
    metadata: 'json',
    archived_at: 'instant',
    created_at: 'instant',
    updated_at: 'instant',
  }),
  from: 'episodes t',
  key: [{ sql: 't.id', type: 'uuid' }],
  isTimed: false,
  podcast: 't.podcast_id',
  ofListeners: false,
};

const ANNOTATIONS: ExportedTable = {
  name: 'annotations',
  columns: plainColumns({
    id: 'uuid',
    happened_at: 'instant',
    kind: 'text',
    podcast_id: 'uuid',
    episode_id: 'uuid',
    detail: 'json',
  }),
  from: 'annotations t',
  key: [
    { sql: 't.happened_at', type: 'timestamptz' },
    { sql: 't.id', type: 'uuid' },
  ],
  isTimed: true,
  podcast: 't.podcast_id',
  ofListeners: false,
};

const ALERTS: ExportedTable = {
  name: 'alerts',
  columns: plainColumns({
    id: 'uuid',
    day: 'date',
    hours: 'integer',
    podcast_id: 'uuid',
    metric: 'text',
    evidence: 'text',
    direction: 'text',
    expected: 'double',
    actual: 'bigint',
    z: 'double',
    state: 'text',
    likely_reason: 'text',
    reasons: 'json',
    found_at: 'instant',
    resolved_at: 'instant',
    acknowledged_by: 'text',
    acknowledged_at: 'instant',
    note: 'text',
  }),
  from: 'alerts t',
  key: [
    { sql: 't.day', type: 'date' },
    { sql: 't.id', type: 'uuid' },
  ],
  isTimed: true,
  podcast: 't.podcast_id',
  ofListeners: false,
};

/** Where episodes of a podcast may be fetched from. */
const PODCAST_HOSTS: ExportedTable = {
  name: 'podcast_hosts',
  columns: plainColumns({ podcast_id: 'uuid', host: 'text', source: 'text', verified_at: 'instant' }),
  from: 'podcast_hosts t',
  key: [
    { sql: 't.podcast_id', type: 'uuid' },
    { sql: 't.host', type: 'text' },
  ],
  isTimed: false,
  podcast: 't.podcast_id',
  ofListeners: false,
};

/** What numbers are about, and what is noticed about them. */
export const CATALOG_TABLES: readonly ExportedTable[] = [
  PODCASTS,
  EPISODES,
  PODCAST_HOSTS,
  ANNOTATIONS,
  ALERTS,
];
