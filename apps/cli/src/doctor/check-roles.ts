import { createRolePool, ownerSession, roleFaults, type DatabaseRole, type RolePool } from '@lib/database';
import type { Settings } from '@lib/config';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding, Verdict } from './finding.js';

/** The role in force behind DATABASE_URL and each replica, and whether the login alone would be too powerful. */
export async function checkAppRole({ app, settings, login }: DoctorSubject): Promise<Finding[]> {
  const findings = [finding('podcast_app', 'DATABASE_URL', await app.transaction(roleFaults))];
  for (const [index, url] of settings.databaseReplicaUrls.entries()) {
    findings.push(await checkReplica(settings, `replica ${index + 1}`, url));
  }
  const [row] = await login.sql<{ name: string; powerful: boolean }>(
    'SELECT rolname AS name, rolsuper OR rolbypassrls AS powerful FROM pg_roles WHERE rolname = session_user',
  );
  if (row?.powerful === true) {
    findings.push({
      check: 'login',
      verdict: 'warn',
      detail:
        `${row.name} itself bypasses row-level security; processes drop to podcast_app in every transaction. ` +
        'A login of its own for podcast_app is safer.',
    });
  }
  return findings;
}

async function checkReplica(settings: Settings, check: string, url: string): Promise<Finding> {
  try {
    const faults = await asRole(settings, 'podcast_app', url, (pool) => pool.transaction(roleFaults));
    return finding(check, 'DATABASE_REPLICA_URLS', faults);
  } catch (error) {
    return { check, verdict: 'fail', detail: (error as Error).message };
  }
}

interface Capability {
  role: Exclude<DatabaseRole, 'podcast_app' | 'podcast_owner'>;
  variable: string;
  url: string | undefined;
  /** What is off when the role cannot be assumed. */
  serves: string;
}

/** Whether the other roles can be assumed. What cannot is off, and named. */
export async function checkCapabilities({ app, settings }: DoctorSubject): Promise<Finding[]> {
  const capabilities: Capability[] = [
    {
      role: 'podcast_maintenance',
      variable: 'MAINTENANCE_DATABASE_URL',
      url: settings.maintenanceDatabaseUrl,
      serves: 'new partitions and retention (worker)',
    },
    {
      role: 'podcast_admin',
      variable: 'ADMIN_DATABASE_URL',
      url: settings.adminDatabaseUrl,
      serves: 'reads across tenants under /v1/admin (API)',
    },
  ];
  if (settings.redisUrl === undefined) {
    capabilities.push({
      role: 'podcast_queue',
      variable: 'QUEUE_DATABASE_URL',
      url: settings.queueDatabaseUrl,
      serves: 'queues without Redis (worker)',
    });
  }
  const findings = [];
  const [aggregates] = await app.query<{ present: boolean }>(
    `SELECT to_regclass('public.episode_events_hourly') IS NOT NULL AS present`,
  );
  if (aggregates?.present === true) findings.push(await checkOwner(settings));
  for (const capability of capabilities) findings.push(await checkCapability(settings, capability));
  return findings;
}

/** TimescaleDB lets only the owner of a hypertable compute its aggregates and compress it. */
async function checkOwner(settings: Settings): Promise<Finding> {
  const { migrationDatabaseUrl, databaseUrl, connectionTimeoutMs, statementTimeoutMs } = settings;
  const source = migrationDatabaseUrl === undefined ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL';
  const check = 'podcast_owner';
  try {
    const url = migrationDatabaseUrl ?? databaseUrl;
    await ownerSession({ url, connectionTimeoutMs, statementTimeoutMs }, (sql) => sql('SELECT'));
    return { check, verdict: 'ok', detail: `can be acted as, through ${source}` };
  } catch (error) {
    return {
      check,
      verdict: 'warn',
      detail:
        'off: aggregates and compression of TimescaleDB (worker); while it is, no raw events are removed. ' +
        `Cannot act as podcast_owner through ${source}: ${(error as Error).message}`,
    };
  }
}

async function checkCapability(
  settings: Settings,
  { role, variable, url, serves }: Capability,
): Promise<Finding> {
  const source = url === undefined ? 'DATABASE_URL' : variable;
  try {
    const faults = await asRole(settings, role, url ?? settings.databaseUrl, (pool) =>
      // The queue's role owns its own schema by design; row-level security does not concern it.
      role === 'podcast_queue' ? pool.query('SELECT 1').then(() => []) : pool.transaction(roleFaults),
    );
    return finding(role, source, faults);
  } catch (error) {
    return {
      check: role,
      verdict: 'warn',
      detail: `off: ${serves}. Cannot act as ${role} through ${source}: ${(error as Error).message}`,
    };
  }
}

async function asRole<T>(
  settings: Settings,
  role: DatabaseRole,
  url: string,
  work: (pool: RolePool) => Promise<T>,
): Promise<T> {
  const pool = createRolePool(settings, () => undefined, role, url, 1);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

function finding(check: string, source: string, faults: string[]): Finding {
  const verdict: Verdict = faults.length === 0 ? 'ok' : 'fail';
  return { check, verdict, detail: faults.length === 0 ? `walled in, through ${source}` : faults.join('\n') };
}
