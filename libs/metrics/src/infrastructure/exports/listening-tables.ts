import { plainColumns, type ExportedTable } from './exported-table.js';

/**
 * Listening inside episodes, of one grain: coarser grains are sums of finer ones. `bins` are of 10 seconds, and `amounts` what
 * is in each: milliseconds heard, listenings that began, or ads of a placement that did.
 */
function listeningPositions(grain: 'slice' | 'hour' | 'day' | 'month', name: string): ExportedTable {
  const columns = {
    bucket: 'instant',
    episode_id: 'uuid',
    kind: 'text',
    placement_id: 'uuid',
    bins: 'json',
    amounts: 'json',
  } as const;
  return {
    name,
    columns: [...plainColumns(columns), { name: 'podcast_id', type: 'uuid', sql: 'e.podcast_id' }],
    from: 'listening_positions t LEFT JOIN episodes e ON e.tenant_id = $1 AND e.id = t.episode_id',
    where: `t.grain = '${grain}'`,
    key: [
      { sql: 't.bucket', type: 'timestamptz' },
      { sql: 't.episode_id', type: 'uuid' },
      { sql: 't.kind', type: 'text' },
      { sql: 't.placement_id', type: 'uuid' },
    ],
    isTimed: true,
    podcast: 'e.podcast_id',
    ofListeners: false,
  };
}

export const LISTENING_TABLES: readonly ExportedTable[] = [
  listeningPositions('slice', 'listening_positions_slices'),
  listeningPositions('hour', 'listening_positions_hourly'),
  listeningPositions('day', 'listening_positions_daily'),
  listeningPositions('month', 'listening_positions_monthly'),
];
