import { MASTER_SCHEMA, pendingDeltas, type MigrationOutcome } from '@lib/database';
import type { LoginSession } from '../connect-as-login.js';

/** What a migration of this database would do now. Another process may be faster; `migrate` looks again. */
export async function plannedRoad({ sql, client }: LoginSession): Promise<MigrationOutcome> {
  const [row] = await sql<{ present: boolean }>(
    "SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present",
  );
  if (row?.present !== true) return { road: 'master', applied: [MASTER_SCHEMA] };
  const deltas = await pendingDeltas(client);
  return { road: deltas.length === 0 ? 'none' : 'deltas', applied: deltas };
}
