import { DIMENSIONS, type Dimension } from '../../domain/query/dimensions.js';
import { EVERYTHING } from '../query/add-dimensions.js';
import { plainColumns, type ExportedTable } from './exported-table.js';

/**
 * Named metric values by episode, of one grain and one dimension: coarser grains are sums of finer ones, and the values of
 * every dimension add up to the totals, so that a file holds one of each.
 */
function listenerMetrics(
  grain: 'slice' | 'hour' | 'day' | 'month',
  name: string,
  dimension: 'none' | Dimension = 'none',
): ExportedTable {
  return {
    name,
    columns: plainColumns({
      bucket: 'instant',
      podcast_id: 'uuid',
      episode_id: 'uuid',
      metric: 'text',
      evidence: 'text',
      rule_set_id: 'uuid',
      dimension: 'text',
      dimension_value: 'text',
      value: 'bigint',
    }),
    ...(dimension === 'none'
      ? { from: 'listener_metrics t', where: `t.grain = '${grain}' AND t.dimension = 'none'` }
      : {
          from: 'listener_dimensions t',
          where: `t.grain = '${grain}' AND t.dimension = '${dimension}' AND t.episode_id <> ${EVERYTHING}`,
        }),
    key: [
      { sql: 't.bucket', type: 'timestamptz' },
      { sql: 't.episode_id', type: 'uuid' },
      { sql: 't.metric', type: 'text' },
      { sql: 't.dimension_value', type: 'text' },
      { sql: 't.evidence', type: 'text' },
      { sql: 't.rule_set_id', type: 'uuid' },
    ],
    isTimed: true,
    podcast: 't.podcast_id',
    ofListeners: false,
  };
}

const METRICS_DAILY: ExportedTable = {
  name: 'metrics_daily',
  columns: plainColumns({
    day: 'date',
    podcast_id: 'uuid',
    metric: 'text',
    evidence: 'text',
    rule_set_id: 'uuid',
    value: 'bigint',
    episodes: 'integer',
    refreshed_at: 'instant',
  }),
  from: 'metrics_daily t',
  key: [
    { sql: 't.day', type: 'date' },
    { sql: 't.podcast_id', type: 'uuid' },
    { sql: 't.metric', type: 'text' },
    { sql: 't.evidence', type: 'text' },
    { sql: 't.rule_set_id', type: 'uuid' },
  ],
  isTimed: true,
  podcast: 't.podcast_id',
  ofListeners: false,
};

const SNAPSHOTS: ExportedTable = {
  name: 'snapshots',
  columns: plainColumns({
    id: 'uuid',
    name: 'text',
    first_day: 'date',
    last_day: 'date',
    podcast_id: 'uuid',
    created_by: 'text',
    created_at: 'instant',
  }),
  from: 'snapshots t',
  key: [{ sql: 't.id', type: 'uuid' }],
  isTimed: false,
  podcast: 't.podcast_id',
  ofListeners: false,
};

const SNAPSHOT_NUMBERS: ExportedTable = {
  name: 'snapshot_numbers',
  columns: plainColumns({
    snapshot_id: 'uuid',
    day: 'date',
    podcast_id: 'uuid',
    episode_id: 'uuid',
    evidence: 'text',
    rule_set_id: 'uuid',
    downloads: 'bigint',
  }),
  from: 'snapshot_numbers t',
  key: [
    { sql: 't.snapshot_id', type: 'uuid' },
    { sql: 't.day', type: 'date' },
    { sql: 't.episode_id', type: 'uuid' },
    { sql: 't.evidence', type: 'text' },
    { sql: 't.rule_set_id', type: 'uuid' },
  ],
  isTimed: false,
  podcast: 't.podcast_id',
  ofListeners: false,
};

/** Downloads by age; day 0 is the first 24 hours since publication. */
const RELEASE_CURVES: ExportedTable = {
  name: 'release_curves',
  columns: plainColumns({
    podcast_id: 'uuid',
    episode_id: 'uuid',
    age_day: 'integer',
    evidence: 'text',
    rule_set_id: 'uuid',
    downloads: 'bigint',
  }),
  from: 'release_curves t',
  key: [
    { sql: 't.episode_id', type: 'uuid' },
    { sql: 't.age_day', type: 'integer' },
    { sql: 't.evidence', type: 'text' },
    { sql: 't.rule_set_id', type: 'uuid' },
  ],
  isTimed: false,
  podcast: 't.podcast_id',
  ofListeners: false,
};

/** Downloads within so many days since publication: sums of release_curves, which they outlive. */
const RELEASE_TOTALS: ExportedTable = {
  name: 'release_totals',
  columns: [
    ...plainColumns({
      episode_id: 'uuid',
      evidence: 'text',
      days_1: 'bigint',
      days_7: 'bigint',
      days_30: 'bigint',
      days_60: 'bigint',
      days_90: 'bigint',
      days_366: 'bigint',
    }),
    { name: 'podcast_id', type: 'uuid', sql: 'e.podcast_id' },
  ],
  from: 'release_totals t LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = t.episode_id',
  key: [
    { sql: 't.episode_id', type: 'uuid' },
    { sql: 't.evidence', type: 'text' },
  ],
  isTimed: false,
  podcast: 'e.podcast_id',
  ofListeners: false,
};

/** How much was stored, as it was measured on a UTC day. */
const STORAGE_USAGE: ExportedTable = {
  name: 'storage_usage',
  columns: plainColumns({
    day: 'date',
    relation: 'text',
    level: 'text',
    rows: 'bigint',
    bytes: 'bigint',
    measured_at: 'instant',
  }),
  from: 'storage_usage t',
  key: [
    { sql: 't.day', type: 'date' },
    { sql: 't.relation', type: 'text' },
    { sql: 't.level', type: 'text' },
  ],
  isTimed: true,
  ofListeners: false,
};

/** Numbers: rollups, and what was promised to somebody. */
export const NUMBER_TABLES: readonly ExportedTable[] = [
  listenerMetrics('slice', 'listener_metrics_slices'),
  listenerMetrics('hour', 'listener_metrics_hourly'),
  listenerMetrics('day', 'listener_metrics_daily'),
  listenerMetrics('month', 'listener_metrics_monthly'),
  ...DIMENSIONS.flatMap((dimension) => [
    listenerMetrics('hour', `listener_metrics_hourly_by_${dimension}`, dimension),
    listenerMetrics('day', `listener_metrics_daily_by_${dimension}`, dimension),
    listenerMetrics('month', `listener_metrics_monthly_by_${dimension}`, dimension),
  ]),
  METRICS_DAILY,
  RELEASE_CURVES,
  RELEASE_TOTALS,
  STORAGE_USAGE,
  SNAPSHOTS,
  SNAPSHOT_NUMBERS,
];
