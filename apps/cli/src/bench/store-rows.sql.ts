import { once } from 'node:events';
import { from as copyFrom } from 'pg-copy-streams';
import type { LoginSession } from '../connect-as-login.js';
import { ROW_COLUMNS, type EventRows } from './event-rows.js';

const NAMES = Object.keys(ROW_COLUMNS).join(', ');
const ARRAYS = Object.values(ROW_COLUMNS).map((type, index) => `$${index + 1}::${type}[]`);

const INSERT = `INSERT INTO listener_events (${NAMES}) SELECT * FROM unnest(${ARRAYS.join(', ')}) ON CONFLICT DO NOTHING`;

/**
 * The least that stores rows once and as a tenant: one transaction of `podcast_app` with the tenant's context and one
 * INSERT. No marks, no dictionaries, nothing returned.
 */
export async function insertRows({ client }: LoginSession, tenantId: string, rows: EventRows): Promise<void> {
  await client.query(`BEGIN; SELECT set_tenant_context('${tenantId}')`);
  await client.query(INSERT, rows.renewedColumns());
  await client.query('COMMIT');
}

/** What PostgreSQL can take at most: COPY as the superuser, past the walls, which stores no row only once. */
export async function copyRows({ client }: LoginSession, rows: EventRows): Promise<void> {
  const stream = client.query(copyFrom(`COPY listener_events (${NAMES}) FROM STDIN`));
  stream.end(rows.renewedText());
  await once(stream, 'finish');
}

/** Empties the tables that events fill, so that every round begins alike. */
export async function emptyEvents({ sql }: LoginSession): Promise<void> {
  await sql('TRUNCATE listener_events, dirty_buckets');
  await sql('CHECKPOINT');
}

/** How many events are stored, and how many bytes their partitions take with their indexes. */
export async function storedEvents({ sql }: LoginSession): Promise<{ events: number; bytes: number }> {
  const [row] = await sql<{ events: string; bytes: string }>(
    `SELECT (SELECT count(*) FROM listener_events) AS events,
            (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits
             WHERE inhparent = 'listener_events'::regclass) AS bytes`,
  );
  return { events: Number(row?.events), bytes: Number(row?.bytes) };
}
