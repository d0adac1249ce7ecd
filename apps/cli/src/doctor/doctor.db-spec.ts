import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  hasOwnAggregates,
  testEngine,
  testServers,
  type TestDatabase,
} from '@lib/testing';
import { runCli } from '../run-cli.js';
import type { Finding } from './finding.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Report {
  exitCode: number;
  verdict: string;
  errors: string;
  find: (check: string) => Finding | undefined;
}

async function doctor(overrides: Record<string, string> = {}, ...flags: string[]): Promise<Report> {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(['doctor', '--json', ...flags], {
    environment: {
      DATABASE_URL: database.urls.app,
      MAINTENANCE_DATABASE_URL: database.urls.maintenance,
      ADMIN_DATABASE_URL: database.urls.admin,
      QUEUE_DATABASE_URL: database.urls.queue,
      API_KEY_PEPPER: 'p'.repeat(32),
      PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
      ...overrides,
    },
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: () => Promise.resolve(undefined),
    columns: 120,
  });
  const { verdict, findings } = JSON.parse(out.join('\n')) as { verdict: string; findings: Finding[] };
  const find = (check: string) => findings.find((finding) => finding.check === check);
  return { exitCode, verdict, errors: errors.join('\n'), find };
}

/** Breaks something as the owner, looks, and mends it again. */
async function broken(
  breakIt: string,
  mendIt: string,
  overrides: Record<string, string> = {},
): Promise<Report> {
  await database.owner.query(breakIt);
  try {
    return await doctor(overrides);
  } finally {
    await database.owner.query(mendIt);
  }
}

const OWN = "(tenant_id = (SELECT nullif(current_setting('app.current_tenant', true), '')::uuid))";
const MEND_WALL = `CREATE POLICY tenant_wall ON podcasts AS RESTRICTIVE TO podcast_app USING ${OWN} WITH CHECK ${OWN}`;

describe('podcast doctor', () => {
  test('passes a migrated database, and leaves no tenant behind', async () => {
    const report = await doctor();
    expect(report.exitCode).toBe(0);
    expect(report.find('row-level security')).toMatchObject({ verdict: 'ok' });
    expect(report.find('isolation probe')).toMatchObject({ verdict: 'ok' });
    expect(report.find('partitions')).toMatchObject({ verdict: 'ok' });
    expect(report.find('durability')?.detail).toContain('fsync on');
    for (const role of ['podcast_app', 'podcast_maintenance', 'podcast_admin', 'podcast_queue']) {
      expect(report.find(role)).toMatchObject({ check: role, verdict: 'ok' });
    }
    const { rows } = await database.owner.query<{ tenants: string }>(
      'SELECT count(*) AS tenants FROM tenants',
    );
    expect(rows[0]?.tenants).toBe('0');
  });

  test('fails with the table and the policy when a wall is missing', async () => {
    const report = await broken('DROP POLICY tenant_wall ON podcasts', MEND_WALL);
    expect(report.exitCode).toBe(1);
    expect(report.verdict).toBe('fail');
    expect(report.find('row-level security')).toEqual({
      check: 'row-level security',
      verdict: 'fail',
      detail: 'podcasts: policy tenant_wall is missing or its text is not the generated one',
    });
    expect(report.errors).toBe('Verdict: NOT fit to serve. Failed: row-level security.');
  });

  test('sees a leak between two tenants itself, whatever the catalogue says', async () => {
    const report = await broken(
      'DROP POLICY tenant_wall ON podcasts; CREATE POLICY careless ON podcasts FOR ALL TO podcast_app USING (true)',
      `DROP POLICY careless ON podcasts; ${MEND_WALL}`,
    );
    const { verdict, detail } = report.find('isolation probe')!;
    expect(verdict).toBe('fail');
    expect(detail).toContain("podcasts: a tenant sees another tenant's row");
    expect(detail).toContain('another tenant’s row can be changed');
    expect(detail).toContain('another tenant’s row can be deleted');
    expect(detail).toContain('a row can be added to another tenant');
    expect(detail).toContain('a row can be moved to another tenant');
  });

  test('fails when a commit could be lost, as podcast_app would have it', async () => {
    const report = await broken(
      // Sessions that a pooler holds keep what they began with.
      `ALTER ROLE podcast_app IN DATABASE ${database.name} SET synchronous_commit = off;
       SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = 'podcast_app'`,
      `ALTER ROLE podcast_app IN DATABASE ${database.name} RESET synchronous_commit;
       SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND usename = 'podcast_app'`,
    );
    expect(report.find('durability')?.verdict).toBe('fail');
  });

  if (testEngine() === 'partitions')
    test('fails when the present has no partition', async () => {
      await database.owner.query('ALTER TABLE listener_events RENAME TO listener_events_whole');
      await database.owner.query(
        'CREATE TABLE listener_events (LIKE listener_events_whole) PARTITION BY RANGE (occurred_at)',
      );
      try {
        const report = await doctor();
        expect(report.find('partitions')?.verdict).toBe('fail');
      } finally {
        await database.owner.query('DROP TABLE listener_events');
        await database.owner.query('ALTER TABLE listener_events_whole RENAME TO listener_events');
      }
    });

  test('names a capability that is off, and still passes', async () => {
    const report = await doctor({ MAINTENANCE_DATABASE_URL: '' });
    expect(report.exitCode).toBe(0);
    expect(report.find('podcast_maintenance')?.verdict).toBe('warn');
    expect(report.find('podcast_maintenance')?.detail).toMatch(/^off: new partitions and retention/);
  });

  if (hasOwnAggregates())
    test('names the extension, and what is off where nobody may act as the owner', async () => {
      const whole = await doctor({ MIGRATION_DATABASE_URL: database.urls.owner });
      expect(whole.find('engine')?.detail).toMatch(/^timescale: TimescaleDB \d.*continuous aggregates/);
      expect(whole.find('podcast_owner')?.verdict).toBe('ok');
      const { exitCode, find } = await doctor({ MIGRATION_DATABASE_URL: database.urls.maintenance });
      expect([exitCode, find('podcast_owner')?.verdict]).toEqual([0, 'warn']);
      expect(find('podcast_owner')?.detail).toMatch(/^off: aggregates and compression/);
    });

  test('fails when DATABASE_URL cannot act as podcast_app', async () => {
    const report = await doctor({ DATABASE_URL: database.urls.maintenance });
    expect(report.exitCode).toBe(1);
    expect(report.find('podcast_app')).toMatchObject({ verdict: 'fail' });
  });

  test('warns of a login that could bypass the walls', async () => {
    const report = await doctor({ DATABASE_URL: database.urls.owner });
    expect(report.exitCode).toBe(0);
    expect(report.find('podcast_app')?.verdict).toBe('ok');
    expect(report.find('login')?.verdict).toBe('warn');
  });

  test('fails when another engine is asked for than the schema has', async () => {
    const { find } = await doctor({ TIME_SERIES_ENGINE: 'citus' });
    expect(find('engine')?.detail).toMatch(new RegExp(`TIME_SERIES_ENGINE is citus.*${testEngine()}`));
  });

  test('writes nothing with --read-only', async () => {
    const report = await doctor({}, '--read-only');
    expect(report.exitCode).toBe(0);
    expect(report.find('isolation probe')?.detail).toContain('left out');
  });

  test('says when work has waited too long', async () => {
    const tenant = crypto.randomUUID();
    const report = await broken(
      `INSERT INTO dirty_buckets (tenant_id, kind, bucket, marked_at)
       VALUES ('${tenant}', 'slice', now() - interval '1 hour', now() - interval '10 minutes')`,
      `DELETE FROM dirty_buckets WHERE tenant_id = '${tenant}'`,
    );
    expect(report.find('refresh backlog')?.verdict).toBe('warn');
    expect(report.find('refresh backlog')?.detail).toMatch(/waited 6\d\d s/);
  });

  // PTMG v2.3 §5.5.2, note (IAB-14).
  test('warns of inclusions that nobody validated for 90 days, and of those alone', async () => {
    const [tenant, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const entry = (of: string, kind: string, age: string, removed = 'NULL') =>
      `INSERT INTO address_lists (tenant_id, id, kind, network, reason, created_by, validated_at, removed_at)
       VALUES ('${of}', gen_random_uuid(), '${kind}', '192.0.2.0/24', 'x', 'x', now() - interval '${age}', ${removed});`;
    const report = await broken(
      `INSERT INTO tenants (tenant_id, name) VALUES ('${tenant}', 'x'), ('${other}', 'y');
       ${entry(tenant, 'included', '91 days')} ${entry(other, 'included', '89 days')}
       ${entry(other, 'excluded', '91 days')} ${entry(other, 'included', '91 days', 'now()')}`,
      `DELETE FROM tenants WHERE tenant_id IN ('${tenant}', '${other}')`,
    );
    expect(report.exitCode).toBe(0);
    const { verdict, detail } = report.find('included addresses')!;
    expect(verdict).toBe('warn');
    expect(detail).toContain(`${tenant}: 1`);
    expect(detail).not.toContain(other);
    expect((await doctor()).find('included addresses')?.verdict).toBe('ok');
  });

  test('reports a database that does not answer, without a password', async () => {
    const { find, exitCode, verdict } = await doctor({
      DATABASE_URL: 'postgresql://app:hidden@127.0.0.1:1/podcast',
    });
    expect({ exitCode, verdict }).toEqual({ exitCode: 1, verdict: 'fail' });
    expect(find('connection')?.detail).toContain('podcast on 127.0.0.1:1');
    expect(JSON.stringify(find('connection'))).not.toContain('hidden');
  });

  test('looks at Redis where there is one', async () => {
    const { find } = await doctor({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(find('redis')).toMatchObject({ verdict: 'fail' });
    expect(find('podcast_queue')).toBeUndefined();
    const url = testServers().redisUrl;
    if (url === null) return; // global-setup has said that the Redis suites are skipped
    expect((await doctor({ REDIS_URL: url })).find('redis')?.detail).toContain('maxmemory-policy noeviction');
  });
});
