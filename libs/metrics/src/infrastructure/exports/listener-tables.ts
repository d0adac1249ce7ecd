import { plainColumns, type ExportedTable } from './exported-table.js';

/**
 * Raw events, as far as they name nobody: the keyed ids of listeners and addresses, the path and the whole user agent stay
 * inside, and of a referrer only the host is shown.
 */
export const LISTENER_EVENTS: ExportedTable = {
  name: 'listener_events',
  columns: [
    { name: 'id', type: 'uuid', sql: 't.event_id' },
    { name: 'type', type: 'text', sql: 't.event_type' },
    ...plainColumns({ occurred_at: 'instant', received_at: 'instant', episode_id: 'uuid' }),
    { name: 'podcast_id', type: 'uuid', sql: 'e.podcast_id' },
    {
      name: 'evidence',
      type: 'text',
      sql: 'evidence_level(t.event_type, t.trusted_sender, t.bytes_sent)',
    },
    { name: 'app', type: 'text', sql: 'NULL::text' },
    { name: 'device', type: 'text', sql: 'NULL::text' },
    { name: 'country', type: 'text', sql: 'n.country' },
    { name: 'position_ms', type: 'integer', sql: 't.position_ms' },
    { name: 'bytes', type: 'bigint', sql: 't.bytes_sent' },
    ...plainColumns({ placement_id: 'uuid', session_id: 'text' }),
    {
      name: 'referrer_host',
      type: 'text',
      sql: `substring(lower(r.value) FROM '^[a-z][a-z0-9+.-]*://(?:[^/?#]*@)?([^/?#:@]+)')`,
    },
    { name: 'data', type: 'json', sql: 't.event_data' },
  ],
  from: `listener_events t
    LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = t.episode_id
    LEFT JOIN networks n ON n.tenant_id = $1 AND n.id = t.network_id
    LEFT JOIN referrers r ON r.tenant_id = $1 AND r.id = t.referrer_id`,
  key: [
    { sql: 't.occurred_at', type: 'timestamptz' },
    { sql: 't.event_id', type: 'uuid' },
  ],
  isTimed: true,
  hasAgents: true,
  podcast: 'e.podcast_id',
  ofListeners: true,
};

/** The downloads that are shown, each under the rule set of its day, without the ids of who made them. */
export const DOWNLOADS: ExportedTable = {
  name: 'downloads',
  columns: [
    { name: 'id', type: 'uuid', sql: 't.download_id' },
    ...plainColumns({
      occurred_at: 'instant',
      settled_at: 'instant',
      settled_day: 'date',
      podcast_id: 'uuid',
      episode_id: 'uuid',
      evidence: 'text',
      rule_set_id: 'uuid',
      app: 'text',
      device: 'text',
      country: 'text',
      bytes: 'bigint',
    }),
  ],
  from: `downloads t
    JOIN counted_days c ON c.tenant_id = $1 AND c.day = t.settled_day AND c.rule_set_id = t.rule_set_id`,
  key: [
    { sql: 't.occurred_at', type: 'timestamptz' },
    { sql: 't.download_id', type: 'uuid' },
    { sql: 't.settled_at', type: 'timestamptz' },
    { sql: 't.episode_id', type: 'uuid' },
  ],
  isTimed: true,
  podcast: 't.podcast_id',
  ofListeners: true,
};
