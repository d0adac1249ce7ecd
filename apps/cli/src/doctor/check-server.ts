import { assumeRole } from '@lib/database';
import { extensionReport } from '../required-extensions.js';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';
import { judgeServerVersion } from './judge-server-version.js';

/** The version of the server behind DATABASE_URL. */
export async function checkServerVersion({ login, settings }: DoctorSubject): Promise<Finding> {
  const [row] = await login.sql<{ server_version: string }>('SHOW server_version');
  const { databaseUrl, maintenanceDatabaseUrl, adminDatabaseUrl } = settings;
  const changesRole =
    assumeRole(databaseUrl, 'podcast_app') !== '' ||
    assumeRole(maintenanceDatabaseUrl ?? databaseUrl, 'podcast_maintenance') !== '' ||
    assumeRole(adminDatabaseUrl ?? databaseUrl, 'podcast_admin') !== '';
  return judgeServerVersion(row?.server_version ?? 'unknown', changesRole);
}

/** The extensions that the schema is built on; TimescaleDB is only noted. */
export async function checkExtensions({ login }: DoctorSubject): Promise<Finding> {
  const { missing, present, timescaledb } = await extensionReport(login.sql);
  const note = `timescaledb: ${timescaledb}`;
  return missing.length === 0
    ? { check: 'extensions', verdict: 'ok', detail: `${present.join(', ')}; ${note}` }
    : { check: 'extensions', verdict: 'fail', detail: `missing: ${missing.join(', ')}; ${note}` };
}

/** Whether an acknowledged commit survives a crash, judged as podcast_app: roles and databases may override settings. */
export async function checkDurability({ app }: DoctorSubject): Promise<Finding> {
  const rows = await app.query<{ name: string; setting: string }>(
    `SELECT name, current_setting(name) AS setting
     FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit', 'wal_sync_method']) AS name`,
  );
  const facts = rows.map(({ name, setting }) => `${name} ${setting}`).join(', ');
  return rows.some(({ setting }) => setting === 'off')
    ? {
        check: 'durability',
        verdict: 'fail',
        detail: `${facts}: an acknowledged event could be lost in a crash`,
      }
    : { check: 'durability', verdict: 'ok', detail: facts };
}
