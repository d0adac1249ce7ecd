import type { LoginSession } from '../../connect-as-login.js';

/** A history that is all there. */
export interface MadeHistory {
  /** 00:00 UTC. */
  readonly firstDay: Date;
  readonly days: number;
  /** As many as were made: about as many as were asked for. */
  readonly events: number;
}

/** Notes that the history is complete. */
export async function noteHistory(
  { sql }: LoginSession,
  { firstDay, days, events }: MadeHistory,
): Promise<void> {
  await sql('CREATE TABLE bench.history (first_day timestamptz, days integer, events bigint)');
  await sql('INSERT INTO bench.history VALUES ($1, $2, $3)', [firstDay, days, events]);
}

/** The history of a database that was kept; undefined for a new one. */
export async function keptHistory({ sql }: LoginSession): Promise<MadeHistory | undefined> {
  const [found] = await sql<{ found: boolean }>("SELECT to_regclass('bench.history') IS NOT NULL AS found");
  if (found?.found !== true) return undefined;
  const [row] = await sql<{ firstDay: Date; days: number; events: string }>(
    'SELECT first_day AS "firstDay", days, events FROM bench.history',
  );
  return row && { ...row, events: Number(row.events) };
}
