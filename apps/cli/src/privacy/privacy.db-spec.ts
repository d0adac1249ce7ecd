import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, createTestTenant, type TestDatabase } from '@lib/testing';
import { runCli } from '../run-cli.js';

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'podcast-ledger-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
  await database.drop();
});

async function podcast(...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(args, {
    environment: {
      DATABASE_URL: database.urls.app,
      ADMIN_DATABASE_URL: database.urls.admin,
      API_KEY_PEPPER: 'a pepper that is only good for tests',
      PRIVACY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
    print: (text) => out.push(text),
    warn: (text) => errors.push(text),
    confirm: () => Promise.resolve(undefined),
    columns: 120,
  });
  return { exitCode, out: out.join('\n'), errors: errors.join('\n') };
}

async function enterErasure(tenantId: string, listenerIds: string[]): Promise<string> {
  const id = randomUUID();
  await database.owner.query(
    `INSERT INTO privacy_requests (tenant_id, id, kind, listener_ids, state, requested_by, requested_at, done_at, report)
     VALUES ($1, $2, 'erasure', $3, 'done', 'key abc', '2026-10-12 08:00:00.123456+00', now(), '{"foundFrom": "2026-09-01"}')`,
    [tenantId, id, listenerIds],
  );
  return id;
}

async function states(): Promise<object[]> {
  const { rows } = await database.owner.query<object>(
    `SELECT tenant_id, id, state, listener_ids, requested_at::text AS at FROM privacy_requests ORDER BY requested_at, id`,
  );
  return rows;
}

describe('podcast privacy', () => {
  test('takes the ledger of all tenants over a restore, and has every erasure done again', async () => {
    const [a, b] = [await createTestTenant(database), await createTestTenant(database)];
    const ids = [
      await enterErasure(a.tenantId, ['-9223372036854775808', '7']),
      await enterErasure(b.tenantId, ['9223372036854775807']),
    ];
    const before = await states();
    const { exitCode, out } = await podcast('privacy', 'ledger');
    expect([exitCode, out.split('\n')]).toEqual([
      0,
      [expect.stringContaining(ids[0]!), expect.stringContaining(ids[1]!)],
    ]);
    const file = join(directory, 'erasures.ndjson');
    await writeFile(file, `${out}\n`);
    // The backup is older than the second erasure.
    await database.owner.query('DELETE FROM privacy_requests WHERE id = $1', [ids[1]]);
    const reapplied = await podcast('privacy', 'reapply', file);
    expect(reapplied.out).toBe('2 erasures will be done again, 1 of them unknown to this database.');
    expect(await states()).toEqual(before.map((row) => ({ ...row, state: 'queued' })));
    const { rows } = await database.owner.query(
      `SELECT DISTINCT tenant_id FROM dirty_buckets WHERE kind = 'privacy' ORDER BY 1`,
    );
    expect(rows.map((row: { tenant_id: string }) => row.tenant_id)).toEqual([a.tenantId, b.tenantId].sort());
  });

  test('names lines that are none, and tenants that are gone', async () => {
    const file = join(directory, 'other.ndjson');
    await writeFile(file, '{"tenantId": "x"}\n');
    expect(await podcast('privacy', 'reapply', file)).toMatchObject({
      exitCode: 1,
      errors: 'Line 1 is no line of an erasure ledger.',
    });
    const line = {
      tenantId: randomUUID(),
      id: randomUUID(),
      listenerIds: ['1'],
      requestedBy: 'x',
      requestedAt: '2026-10-12T08:00:00Z',
    };
    await writeFile(file, JSON.stringify(line));
    expect((await podcast('privacy', 'reapply', file)).errors).toBe(
      '1 lines are of tenants that this database does not have.',
    );
  });
});
