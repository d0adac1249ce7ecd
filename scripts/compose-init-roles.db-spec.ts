import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, startEmbeddedPostgres, type EmbeddedPostgres } from '@lib/database';
import { postgresClientMissing, query, ROOT, run } from './migration-trial.js';

const PASSWORDS = {
  podcast_app: `it's "quoted" \\ $HOME`,
  podcast_maintenance: 'maintenance-secret',
  podcast_admin: 'admin-secret',
  podcast_refresh: 'refresh-secret',
};

const suite = postgresClientMissing('compose-init-roles.sh') ? describe.skip : describe;

// On a cluster of its own: roles and their passwords belong to a whole cluster, and other suites log in meanwhile.
suite('compose-init-roles.sh', () => {
  const directory = mkdtempSync(join(tmpdir(), 'podcast-roles-'));
  let server: EmbeddedPostgres;

  const giveLogins = (passwords: Partial<typeof PASSWORDS> = PASSWORDS) =>
    run('sh', [join(ROOT, 'scripts', 'compose-init-roles.sh')], {
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.superuser,
      PGPASSWORD: server.superuserPassword,
      PGDATABASE: 'postgres',
      ...Object.fromEntries(
        Object.entries(passwords).map(([role, password]) => [`${role.toUpperCase()}_PASSWORD`, password]),
      ),
    });
  const whoIs = (role: string, password: string) =>
    query<{ current_user: string }>(server.url(role, password, 'postgres'), 'SELECT current_user');

  beforeAll(async () => {
    chmodSync(directory, 0o711); // as root the server runs under another account, which must be able to enter
    server = await startEmbeddedPostgres({ dataDir: directory, settings: { log_statement: 'all' } });
    await migrate(server.url(server.superuser, server.superuserPassword, 'postgres'));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lets each role log in with the password it was given', async () => {
    await expect(whoIs('podcast_app', PASSWORDS.podcast_app)).rejects.toThrow();
    expect(await giveLogins()).toMatchObject({ status: 0 });
    for (const [role, password] of Object.entries(PASSWORDS))
      expect(await whoIs(role, password)).toEqual([{ current_user: role }]);
  });

  it('lets one act as the owner, and as nobody else', async () => {
    const url = server.url('podcast_refresh', PASSWORDS.podcast_refresh, 'postgres');
    await expect(query(url, 'SELECT FROM tenants')).rejects.toThrow('permission denied');
    await expect(query(url, 'SET ROLE podcast_app')).rejects.toThrow('permission denied');
    expect(await query(url, 'SET ROLE podcast_owner')).toEqual([]);
  });

  it('sets a new password when it runs again', async () => {
    await giveLogins({ ...PASSWORDS, podcast_admin: 'another' });
    await expect(whoIs('podcast_admin', PASSWORDS.podcast_admin)).rejects.toThrow(
      'password authentication failed',
    );
    expect(await whoIs('podcast_admin', 'another')).toHaveLength(1);
  });

  it('changes nothing where one password is missing', async () => {
    const { said, status } = await giveLogins({ podcast_app: 'new' });
    expect(said).toContain('PODCAST_MAINTENANCE_PASSWORD');
    expect(status).not.toBe(0);
    await expect(whoIs('podcast_app', 'new')).rejects.toThrow();
  });

  it('writes no password to the server’s log', async () => {
    const names = await readdir(server.clusterDir, { recursive: true });
    const logs = names.filter((name) => name.endsWith('.log'));
    const text = (
      await Promise.all(logs.map((name) => readFile(join(server.clusterDir, name), 'utf8')))
    ).join();
    expect(text).toContain('set_tenant_context');
    expect(text).not.toMatch(/maintenance-secret|admin-secret|refresh-secret|quoted/);
  });
});
