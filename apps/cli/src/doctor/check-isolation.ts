import { randomUUID } from 'node:crypto';
import type { Settings } from '@lib/config';
import { AppDataSource, TenantDb } from '@lib/database';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';

/** SQLSTATE of a statement that row-level security or a missing privilege refused. */
const REFUSED = '42501';

/**
 * Makes two tenants for a moment and tries to reach from one into the other, on the road that requests take. Both are
 * deleted again, also after a failure.
 */
export async function checkIsolation({ settings, app, readOnly }: DoctorSubject): Promise<Finding> {
  const check = 'isolation probe';
  if (readOnly) return { check, verdict: 'ok', detail: 'left out: --read-only' };
  const source = openSource(settings);
  const db = new TenantDb(source);
  const [mine, other] = [randomUUID(), randomUUID()];
  try {
    await createTenant(db, mine);
    await createTenant(db, other);
    const leaks = [
      ...(await findVisible(db, mine, other)),
      ...(await findWritable(db, mine, other)),
      ...((await app.query('SELECT FROM tenants LIMIT 1')).length > 0
        ? ['rows can be read without any tenant']
        : []),
    ];
    return leaks.length === 0
      ? {
          check,
          verdict: 'ok',
          detail:
            'two tenants: each sees only its own rows; reading, changing, adding and moving across is refused',
        }
      : { check, verdict: 'fail', detail: leaks.join('\n') };
  } finally {
    await removeTenants(db, [mine, other]);
    await source.close();
  }
}

function openSource(settings: Settings): AppDataSource {
  return new AppDataSource({
    url: settings.databaseUrl,
    replicaUrls: [],
    poolSize: 2,
    connectionTimeoutMs: settings.connectionTimeoutMs,
    statementTimeoutMs: settings.statementTimeoutMs,
    lockTimeoutMs: settings.lockTimeoutMs,
    entities: [],
    onError: () => undefined,
    onGuardDestroyed: () => undefined,
  });
}

async function createTenant(db: TenantDb, id: string): Promise<void> {
  await db.run(id, async () => {
    const { sql } = db.current;
    await sql("INSERT INTO tenants (tenant_id, name) VALUES ($1, 'podcast doctor, for a moment')", [id]);
    await sql("INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $1, 'podcast doctor')", [id]);
  });
}

async function findVisible(db: TenantDb, mine: string, other: string): Promise<string[]> {
  return db.run(mine, async () => {
    const leaks = [];
    for (const table of ['tenants', 'podcasts']) {
      const rows = await db.current.sql<{ id: string }>(
        `SELECT tenant_id AS id FROM ${table} WHERE tenant_id IN ($1, $2)`,
        [mine, other],
      );
      if (!rows.some(({ id }) => id === mine)) leaks.push(`${table}: a tenant does not see its own row`);
      if (rows.some(({ id }) => id === other)) leaks.push(`${table}: a tenant sees another tenant's row`);
    }
    return leaks;
  });
}

async function findWritable(db: TenantDb, mine: string, other: string): Promise<string[]> {
  const silent = {
    'another tenant’s row can be changed':
      "UPDATE podcasts SET title = 'changed' WHERE tenant_id = $1 RETURNING id",
    'another tenant’s row can be deleted': 'DELETE FROM podcasts WHERE tenant_id = $1 RETURNING id',
  };
  const refused = {
    'a row can be added to another tenant':
      "INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, gen_random_uuid(), 'x')",
    'a row can be moved to another tenant': 'UPDATE podcasts SET tenant_id = $1 WHERE tenant_id <> $1',
    'a transaction can switch to another tenant': 'SELECT set_tenant_context($1)',
  };
  const leaks = [];
  for (const [leak, statement] of Object.entries(silent)) {
    const rows = await db.run(mine, () =>
      db.current.sql(`WITH touched AS (${statement}) SELECT FROM touched`, [other]),
    );
    if (rows.length > 0) leaks.push(leak);
  }
  for (const [leak, statement] of Object.entries(refused)) {
    const code = await db
      .run(mine, () => db.current.sql(statement, [other]))
      .then(
        () => 'accepted',
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      );
    if (code !== REFUSED) leaks.push(`${leak} (${code})`);
  }
  return leaks;
}

async function removeTenants(db: TenantDb, ids: string[]): Promise<void> {
  for (const id of ids) {
    await db
      .run(id, async () => {
        await db.current.sql('DELETE FROM podcasts WHERE tenant_id = $1', [id]);
        await db.current.sql('DELETE FROM tenants WHERE tenant_id = $1', [id]);
      })
      // The finding that is being reported matters more than a row that was never made.
      .catch(() => undefined);
  }
}
