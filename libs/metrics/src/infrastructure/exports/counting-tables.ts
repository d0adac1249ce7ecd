import { plainColumns, type ExportedTable } from './exported-table.js';

/** A table of few rows, whole, in the order of its ids. */
const small = (
  name: string,
  columns: Parameters<typeof plainColumns>[0],
  more: Partial<ExportedTable> = {},
): ExportedTable => ({
  name,
  columns: plainColumns(columns),
  from: `${name} t`,
  key: [{ sql: 't.id', type: 'uuid' }],
  isTimed: false,
  ofListeners: false,
  ...more,
});

/** With the network that an entry of a list is about, in CIDR notation. */
function withNetwork(table: ExportedTable): ExportedTable {
  return { ...table, columns: [...table.columns, { name: 'network', type: 'text', sql: 't.network::text' }] };
}

/** By what was counted, and what people decided about it. Findings are shown without the address that they are about. */
export const COUNTING_TABLES: readonly ExportedTable[] = [
  small('rule_sets', {
    id: 'uuid',
    version: 'text',
    valid_from: 'date',
    rules: 'json',
    agent_list: 'text',
    agent_overrides: 'json',
    note: 'text',
    created_by: 'text',
    created_at: 'instant',
  }),
  small('recounts', {
    id: 'uuid',
    rule_set_id: 'uuid',
    first_day: 'date',
    last_day: 'date',
    state: 'text',
    done_through: 'date',
    requested_by: 'text',
    requested_at: 'instant',
    counted_at: 'instant',
    decided_by: 'text',
    decided_at: 'instant',
    error: 'text',
  }),
  small(
    'quarantines',
    {
      id: 'uuid',
      day: 'date',
      detector: 'text',
      podcast_id: 'uuid',
      requests: 'bigint',
      downloads: 'bigint',
      evidence: 'json',
      state: 'text',
      found_at: 'instant',
      decided_by: 'text',
      decided_at: 'instant',
      note: 'text',
    },
    { podcast: 't.podcast_id' },
  ),
  small('imports', {
    id: 'uuid',
    source: 'text',
    first_day: 'date',
    last_day: 'date',
    state: 'text',
    created_at: 'instant',
    closed_at: 'instant',
  }),
  small(
    'import_files',
    {
      import_id: 'uuid',
      sha256: 'text',
      name: 'text',
      format: 'text',
      done_bytes: 'bigint',
      done_lines: 'bigint',
      stored: 'bigint',
      duplicates: 'bigint',
      conflicts: 'bigint',
      not_episodes: 'bigint',
      faults: 'bigint',
      comments: 'bigint',
      finished_at: 'instant',
    },
    {
      key: [
        { sql: 't.import_id', type: 'uuid' },
        { sql: 't.sha256', type: 'text' },
      ],
    },
  ),
  small(
    'recount_differences',
    {
      recount_id: 'uuid',
      day: 'date',
      podcast_id: 'uuid',
      evidence: 'text',
      outcome_before: 'text',
      outcome_after: 'text',
      cause: 'text',
      requests: 'bigint',
    },
    {
      key: [
        { sql: 't.recount_id', type: 'uuid' },
        { sql: 't.day', type: 'date' },
        { sql: 't.podcast_id', type: 'uuid' },
        { sql: 't.evidence', type: 'text' },
        { sql: 't.outcome_before', type: 'text' },
        { sql: 't.outcome_after', type: 'text' },
        { sql: 't.cause', type: 'text' },
      ],
      podcast: 't.podcast_id',
    },
  ),
  small(
    'duplicate_deliveries',
    { import_id: 'uuid', day: 'date', episode_id: 'uuid', requests: 'bigint' },
    {
      key: [
        { sql: 't.import_id', type: 'uuid' },
        { sql: 't.day', type: 'date' },
        { sql: 't.episode_id', type: 'uuid' },
      ],
    },
  ),
  small(
    'unrecorded_requests',
    { id: 'uuid', podcast_id: 'uuid', day: 'date', reason: 'text', requests: 'bigint' },
    { podcast: 't.podcast_id' },
  ),
  withNetwork(
    small('address_lists', {
      id: 'uuid',
      kind: 'text',
      reason: 'text',
      created_by: 'text',
      created_at: 'instant',
      validated_at: 'instant',
      removed_at: 'instant',
    }),
  ),
  small('agent_overrides', {
    id: 'uuid',
    kind: 'text',
    name: 'text',
    pattern: 'text',
    agent_kind: 'text',
    asn: 'bigint',
    country: 'text',
    valid_from: 'date',
    valid_until: 'date',
    reason: 'text',
    created_by: 'text',
    created_at: 'instant',
    removed_at: 'instant',
  }),
  small('privacy_requests', {
    id: 'uuid',
    kind: 'text',
    state: 'text',
    requested_by: 'text',
    requested_at: 'instant',
    done_at: 'instant',
    report: 'json',
  }),
];
