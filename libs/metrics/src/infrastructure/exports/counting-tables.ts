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
];
