import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRolePool } from '@lib/database';
import { createTestDatabase, testSettings, type TestDatabase } from '@lib/testing';
import { runCli } from '../run-cli.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function podcast(...args: string[]) {
  const out: string[] = [];
  const errors: string[] = [];
  const exitCode = await runCli(args, {
    environment: {
      DATABASE_URL: database.urls.app,
      ADMIN_DATABASE_URL: database.urls.admin,
      MIGRATION_DATABASE_URL: database.urls.owner,
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

async function createTenant(name: string): Promise<string> {
  const { out } = await podcast('tenant', 'create', '--name', name);
  return /^Tenant\s+(\S+)/m.exec(out)?.[1] ?? '';
}

describe('podcast tenant', () => {
  test('create shows the tenant and a key once, and list finds it', async () => {
    const { exitCode, out } = await podcast(
      'tenant',
      'create',
      '--name',
      'Harbour',
      '--time-zone',
      'Europe/Berlin',
    );
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^Tenant\s+[0-9a-f-]{36}\s+Harbour$/m);
    expect(out).toMatch(/^Key\s+pa_live_\w+$/m);
    expect((await podcast('tenant', 'list')).out).toMatch(/active\s+│ Europe\/Berlin\s+│ Harbour/);
  });
});

describe('podcast key', () => {
  test('create prints the key and nothing else, so that a script can catch it', async () => {
    const tenant = await createTenant('Scripts');
    const { out, errors } = await podcast(
      'key',
      'create',
      '--tenant',
      tenant,
      '--name',
      'cdn',
      '--scopes',
      'ingest,read',
      '--trusted',
    );
    expect(out).toMatch(/^pa_live_[0-9A-Za-z]{16}_[0-9A-Za-z]{49}$/);
    expect(errors).toContain('cannot be shown again');
    expect((await podcast('key', 'list', '--tenant', tenant)).out).toMatch(/ingest,read trusted │ active/);
  });

  test('a revoked key is listed as revoked, and an unknown one cannot be revoked', async () => {
    const tenant = await createTenant('Revoking');
    const { out } = await podcast('key', 'create', '--tenant', tenant, '--name', 'old', '--scopes', 'read');
    const keyId = out.split('_')[2] ?? '';
    expect((await podcast('key', 'revoke', keyId, '--tenant', tenant)).out).toContain(
      `Revoked ${keyId} (old)`,
    );
    expect((await podcast('key', 'list', '--tenant', tenant)).out).toMatch(/read\s+│ revoked/);
    expect(await podcast('key', 'revoke', '0000000000000000', '--tenant', tenant)).toMatchObject({
      exitCode: 1,
      errors: 'This tenant has no key with that id.',
    });
  });

  test('a key of one tenant is not another tenant’s to revoke', async () => {
    const mine = await createTenant('Mine');
    const other = await createTenant('Other');
    const { out } = await podcast('key', 'create', '--tenant', other, '--name', 'theirs', '--scopes', 'read');
    expect((await podcast('key', 'revoke', out.split('_')[2] ?? '', '--tenant', mine)).exitCode).toBe(1);
    expect((await podcast('key', 'list', '--tenant', other)).out).not.toContain('revoked');
  });

  test('a tenant that does not exist gets no key', async () => {
    const answer = await podcast(
      'key',
      'create',
      '--tenant',
      crypto.randomUUID(),
      '--name',
      'x',
      '--scopes',
      'read',
    );
    expect(answer).toMatchObject({ exitCode: 1, out: '', errors: 'There is no tenant with that id.' });
  });

  test('a platform key is minted as the owner and resolves', async () => {
    const { out } = await podcast('key', 'create', '--platform', '--name', 'operations');
    expect(out).toMatch(/^pp_live_/);
    const pool = createRolePool(testSettings(database), () => undefined, 'podcast_app', database.urls.app, 1);
    const rows = await pool.query('SELECT name FROM resolve_platform_key($1)', [out.split('_')[2]]);
    await pool.end();
    expect(rows).toEqual([{ name: 'operations' }]);
  });

  test('platform keys are listed, and one that was revoked stays revoked since its first end', async () => {
    const created = await podcast('key', 'create', '--platform', '--name', 'leaked');
    const keyId = created.out.split('_')[2] ?? '';
    expect((await podcast('key', 'list', '--platform')).out).toMatch(
      new RegExp(`${keyId} │ active\\s+│ [^│]+│ leaked`),
    );
    const first = await podcast('key', 'revoke', keyId, '--platform');
    expect(first).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining(`Revoked ${keyId} (leaked) at 20`),
    });
    expect(await podcast('key', 'revoke', keyId, '--platform')).toEqual(first);
    const { out } = await podcast('key', 'list', '--platform');
    expect(out).toMatch(new RegExp(`${keyId} │ revoked`));
    expect(out).not.toContain(created.out.split('_')[3]);
  });

  test('no key is listed or revoked before it is said whose', async () => {
    for (const args of [['list'], ['revoke', '0000000000000000']])
      expect(await podcast('key', ...args)).toMatchObject({
        exitCode: 1,
        errors: '--tenant is needed, or --platform for keys without a tenant',
      });
    const both = await podcast('key', 'list', '--platform', '--tenant', crypto.randomUUID());
    expect(both.errors).toContain('cannot be used with option');
    expect(await podcast('key', 'revoke', '0000000000000000', '--platform')).toMatchObject({
      exitCode: 1,
      errors: 'There is no platform key with that id.',
    });
  });
});

describe('podcast import feed', () => {
  const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Tides</title>
    <item><title>One</title><guid>one</guid><enclosure url="https://cdn.example/one.mp3" length="1000" type="audio/mpeg"/></item>
    </channel></rss>`;

  test('reads a file, and finds nothing new the second time', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const directory = await mkdtemp(`${tmpdir()}/podcast-feed-`);
    await writeFile(`${directory}/feed.xml`, feed);
    const tenant = await createTenant('Feeds');
    const importIt = (...more: string[]) =>
      podcast('import', 'feed', '--tenant', tenant, '--file', `${directory}/feed.xml`, ...more);
    const first = await importIt();
    expect(first.out).toContain('Episodes  1 new, 0 updated, 0 unchanged');
    const podcastId = /^Podcast\s+(\S+) \(new\)/m.exec(first.out)?.[1] ?? '';
    const second = await importIt('--podcast', podcastId);
    expect(second.out).toContain(`${podcastId} (was there)`);
    expect(second.out).toContain('Episodes  0 new, 0 updated, 1 unchanged');
    await rm(directory, { recursive: true });
  });

  test('says of which item it speaks, counted from 1', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const directory = await mkdtemp(`${tmpdir()}/podcast-feed-`);
    const file = (name: string) =>
      `<enclosure url="https://cdn.example/${name}.mp3" length="1000" type="audio/mpeg"/>`;
    const date = '<pubDate>Thu, 15 Oct 2026 06:20:00 GMT</pubDate>';
    await writeFile(
      `${directory}/feed.xml`,
      `<?xml version="1.0"?><rss version="2.0"><channel><title>Tides</title>
       <podcast:guid xmlns:podcast="https://podcastindex.org/namespace/1.0">none</podcast:guid>
       <item><title>Our news</title>${date}</item>
       <item><title>One</title>${date}${file('one')}</item>
       <item><title>Two</title>${date}${file('two')}</item>
       <item><title>One again</title>${date}${file('one')}</item></channel></rss>`,
    );
    const tenant = await createTenant('Odd feeds');
    const { errors } = await podcast('import', 'feed', '--tenant', tenant, '--file', `${directory}/feed.xml`);
    const lines = errors.split('\n');
    expect(lines[0]).toBe('Items are counted from 1, in the order of the feed.');
    expect(lines[1]).toMatch(/^Skipped item 1 \(Our news\), no_audio: /);
    expect(lines[2]).toBe(
      'Skipped item 4 (One again), duplicate_item: guid and file of item 2 (counted from 1)',
    );
    expect(lines.filter((line) => line.includes('guid_missing'))).toEqual([
      expect.stringMatching(/^Odd, item 2, guid_missing: /),
      expect.stringMatching(/^Odd, item 3, guid_missing: /),
      expect.stringMatching(/^Odd, item 4, guid_missing: /),
    ]);
    expect(lines).toContainEqual(expect.stringMatching(/^Odd, podcast_guid_invalid: /));
    await rm(directory, { recursive: true });
  });

  test('needs to know where the feed is', async () => {
    const tenant = await createTenant('Nowhere');
    expect((await podcast('import', 'feed', '--tenant', tenant)).errors).toContain('--file or --url');
    expect((await podcast('import', 'feed', '--tenant', tenant, '--file', '/nonexistent')).errors).toContain(
      'ENOENT',
    );
  });
});
