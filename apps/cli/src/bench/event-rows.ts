import { randomBytes } from 'node:crypto';
import { freshIdentity, type SampleEvent } from './sample-events.js';

/** Columns of `listener_events` that a row of the sample traffic fills, and their types. Those left out stay NULL. */
export const ROW_COLUMNS = {
  event_id: 'uuid',
  occurred_at: 'timestamptz',
  tenant_id: 'uuid',
  episode_id: 'uuid',
  received_at: 'timestamptz',
  payload_hash: 'bigint',
  user_agent_id: 'bigint',
  audience_a: 'bigint',
  audience_b: 'bigint',
  count_id_today: 'bigint',
  count_id_yesterday: 'bigint',
  address_day_id: 'bigint',
  bytes_sent: 'bigint',
  position_ms: 'integer',
  status: 'smallint',
  payload_hash_version: 'smallint',
  trusted_sender: 'boolean',
  event_type: 'text',
  method: 'text',
  byte_range: 'text',
  session_id: 'text',
} as const;

type Cell = string | number | boolean | null;

/** Rows as the API would store them for `events`, for a client that has nothing to do but to store them. */
export class EventRows {
  private readonly rows: Cell[][];

  constructor(tenantId: string, events: readonly SampleEvent[]) {
    this.rows = events.map((event) => [BLANK, BLANK, tenantId, ...storedCells(event)]);
  }

  /** One array for each of ROW_COLUMNS, with identities that were never stored. */
  renewedColumns(): Cell[][] {
    const rows = this.renewedRows();
    return Object.keys(ROW_COLUMNS).map((_, column) => rows.map((row) => row[column] ?? null));
  }

  /** The rows in the text format of COPY, with identities that were never stored. */
  renewedText(): string {
    const lines = this.renewedRows().map((row) =>
      row.map((cell) => (cell === null ? '\\N' : cell)).join('\t'),
    );
    return `${lines.join('\n')}\n`;
  }

  private renewedRows(): Cell[][] {
    const now = Date.now();
    for (const row of this.rows) {
      const { id, occurredAt } = freshIdentity(now);
      row[0] = id;
      row[1] = occurredAt;
    }
    return this.rows;
  }
}

const BLANK = '';

function storedCells(event: SampleEvent): Cell[] {
  const { request } = event;
  const hash = () => String(randomBytes(8).readBigInt64BE());
  return [
    event.episodeId,
    new Date().toISOString(),
    hash(),
    hash(),
    hash(),
    hash(),
    ...(request === undefined ? [null, null, null] : [hash(), hash(), hash()]),
    request?.bytes ?? null,
    event.positionMs ?? null,
    request?.status ?? null,
    1,
    true,
    event.type,
    request?.method ?? null,
    request?.range ?? null,
    event.sessionId ?? null,
  ];
}
